"""What routing counts, from events and by rule, never by queries."""

from prometheus_client import Counter, Gauge

OPENED = Counter("redress_cases_opened_total", "Cases opened.", ["kind", "severity"])
ESCALATED = Counter("redress_escalations_total", "Breaches that escalated a rung.", ["ladder", "role"])
TRIAGE = Counter("redress_triage_total", "Cases that opened a level higher for a person to look at.")
REFUSED = Counter("redress_actions_refused_total", "Actions of people that a rule forbade.", ["rule"])
UNSTAFFED = Gauge(
    "redress_unstaffed_cases", "Open cases in a queue without members, by the queue's part in them.", ["part"]
)
UNREAD = Gauge(
    "redress_last_resort_missing",
    "1 while nobody is named who reads what is nobody else's, or they have gone.",
)
REASSIGNED = Counter("redress_cases_reassigned_total", "Cases handed over since the directory changed.")
REBASED = Counter("redress_cases_rebased_total", "Cases that go on by another version of their policy.")
UNANSWERED = Gauge(
    "redress_deadlines_unanswered", "Due times passed of which sla reported neither a breach nor a stop."
)
