"""Kafka as services use it: nothing is committed before it is handled, nothing decided goes unpublished.

A batch goes this way: FastStream polls it for the subscriber in a service's `handlers.py`, whose arguments come from
`subscription`; the middlewares of `middlewares` go around the handler. No commit passes a record that was neither
handled nor written to the dead topic.

- `subscription`: the one subscriber of a service, its broker and middlewares; start, end, redelivery.
- `middlewares`: one batch at a time, stop at a fault, metrics, log context, commit, dead letters, publishing, isolation.
- `batch`: records validated one at a time, handled in lanes, and in halves where the handler fails.
- `status`: how it goes, for the watchdog: progress, retry, stop.
- `partitions`: what is assigned, how far it is handled, commits and rebalances.
- `watermarks`: where partitions end, asked over a connection of its own.
- `positions`: places such as `contacts/3/56`, and records read there outside of any group.
- `outbox`: publishes what documents have to publish, in order, and clears what Kafka has acknowledged.
- `dead_letters`, `dead_letter_writer`: records that failed: their form on the dead topic, replays and skips; writing them.
- `failure_limits`: when a partition is stopped because too many of its records fail, and how it goes on.
- `waiting`: records that wait for an announcement, redelivered when it is published.
- `table`: a compacted topic in memory, read to its end and followed.
- `client`: the producer, and waiting for the broker and its topics.
- `partitioner`: the partition of a key.

CONTRIBUTING.md says how to add a topic.
"""
