"""What routing counts, from events and by rule, never by queries."""

from prometheus_client import Counter, Gauge

OPENED = Counter("routing_cases_opened_total", "Cases opened.", ["kind", "severity"])
ASSIGNED = Counter("routing_hand_overs_total", "Cases offered to somebody.", ["role", "via"])
TRIAGE = Counter("routing_triage_total", "Cases and contacts a person has to look at first.")
RAISED = Counter("routing_severity_raised_total", "Cases whose severity the rules raised.", ["severity"])
REFUSED = Counter("routing_actions_refused_total", "Actions of people that a rule forbade.", ["rule"])
UNANSWERED = Gauge(
    "routing_clock_unanswered", "Due times passed of which neither a breach nor a stop was heard."
)
