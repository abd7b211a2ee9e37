"""What routing counts, from events and by rule, never by queries."""

from prometheus_client import Counter, Gauge

OPENED = Counter("redress_cases_opened_total", "Cases opened.", ["kind", "severity"])
CLIMBED = Counter("redress_climbs_total", "Breaches that climbed a rung.", ["rung"])
TRIAGE = Counter("redress_triage_total", "Cases that opened a level higher for a person to look at.")
REFUSED = Counter("redress_actions_refused_total", "Actions of people that a rule forbade.", ["rule"])
UNANSWERED = Gauge(
    "redress_clock_unanswered", "Due times passed of which neither a breach nor a stop was heard."
)
