"""The metrics every room has, counted from events; labels come from closed sets."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

MESSAGES = Counter("redress_messages_total", "Records taken from Kafka.", ["room", "topic", "outcome"])
HANDLING = Histogram(
    "redress_batch_seconds", "Time to handle one batch of records.", ["room"], buckets=SECONDS
)
EVENT_AGE = Histogram(
    "redress_event_age_seconds", "Age of a record when it was handled.", ["room", "topic"], buckets=SECONDS
)
LAG = Gauge("redress_consumer_lag_records", "Records not yet handled.", ["room", "topic", "partition"])
CONFLICTS = Counter("redress_conflicts_total", "Writes that another writer overtook.", ["room"])
PUBLISHED = Counter("redress_published_total", "Events acknowledged by Kafka.", ["room", "topic"])
OUTBOX_AGE = Gauge("redress_outbox_oldest_seconds", "Age of the oldest event not yet on Kafka.", ["room"])
HELD = Gauge("redress_held_records", "Records that wait in a document for the one before them.", ["room"])
WAITING = Gauge(
    "redress_waiting_documents",
    "Documents whose records wait for an announcement, such as a policy version.",
    ["room"],
)
LEFT_OUT = Gauge(
    "redress_entries_left_out",
    "Announced entries, and files, that cannot be used; what was good before serves on.",
    ["room", "topic"],
)
DEAD = Counter("redress_dead_letters_total", "Records set aside.", ["room", "topic", "reason"])
STOPPED = Gauge(
    "redress_partition_stopped",
    "1 while a partition stands because too many of its records failed.",
    ["room", "topic", "partition"],
)
RETRIES = Counter("redress_transient_failures_total", "Tries that met a broker or store away.", ["room"])
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
STORE_WRITABLE = Gauge("redress_store_writable", "1 while the store takes writes.", ["service"])
CLOCK_OFFSET = Gauge(
    "redress_clock_offset_seconds", "How far our clock is ahead of another; seconds of the wall.",
    ["service", "source"],
)  # fmt: skip
READY = Gauge("redress_ready", "1 while the room can do its work.", ["room"])
