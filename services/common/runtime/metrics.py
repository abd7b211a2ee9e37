"""The metrics every service has, counted from events; labels come from closed sets."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

MESSAGES = Counter("redress_messages_total", "Records taken from Kafka.", ["service", "topic", "outcome"])
HANDLING = Histogram(
    "redress_batch_seconds", "Time to handle one batch of records.", ["service"], buckets=SECONDS
)
EVENT_AGE = Histogram(
    "redress_event_age_seconds", "Age of a record when it was handled.", ["service", "topic"], buckets=SECONDS
)
LAG = Gauge("redress_consumer_lag_records", "Records not yet handled.", ["service", "topic", "partition"])
CONFLICTS = Counter("redress_conflicts_total", "Writes that another writer overtook.", ["service"])
PUBLISHED = Counter("redress_published_total", "Events acknowledged by Kafka.", ["service", "topic"])
OUTBOX_AGE = Gauge("redress_outbox_oldest_seconds", "Age of the oldest event not yet on Kafka.", ["service"])
PENDING = Gauge(
    "redress_pending_records", "Records that wait in a document for the one before them.", ["service"]
)
WAITING = Gauge(
    "redress_waiting_documents",
    "Documents whose records wait for an announcement, such as a policy version.",
    ["service"],
)
LEFT_OUT = Gauge(
    "redress_entries_left_out",
    "Announced entries, and files, that cannot be used; what was good before serves on.",
    ["service", "topic"],
)
DEAD = Counter(
    "redress_dead_letters_total", "Records written to the dead topic.", ["service", "topic", "reason"]
)
STOPPED = Gauge(
    "redress_partition_stopped",
    "1 while a partition is not read because too many of its records failed.",
    ["service", "topic", "partition"],
)
RETRIES = Counter("redress_transient_failures_total", "Tries that met a broker or store away.", ["service"])
LARGE = Counter(
    "redress_large_documents_total",
    "Changes of documents over 256 KB, one in sixteen counted.",
    ["collection"],
)
TAKEN = Counter(
    "redress_unique_values_taken_total",
    "Writes of documents with a value, such as a case number, that another document has.",
    ["collection"],
)
OUTDATED = Gauge(
    "redress_outdated_documents",
    "Documents that cannot be brought to the present format.",
    ["service", "collection"],
)
STORE_WRITABLE = Gauge("redress_store_writable", "1 while the store takes writes.", ["service"])
CLOCK_OFFSET = Gauge(
    "redress_clock_offset_seconds", "How far our clock is ahead of another; seconds of the wall.",
    ["service", "source"],
)  # fmt: skip
READY = Gauge("redress_ready", "1 while the service can do its work.", ["service"])
