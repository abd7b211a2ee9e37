"""What intake counts."""

from prometheus_client import Counter, Histogram

from services.common.runtime.metrics import SECONDS

CONTACTS = Counter("redress_contacts_total", "Contacts posted, by answer.", ["channel", "outcome"])
ACCEPTING = Histogram("redress_accept_seconds", "Time from request to answer.", buckets=SECONDS)
