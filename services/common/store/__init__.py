"""Documents and their one write path.

The promise: what was decided and what is published of it leave in one conditional write. Whoever loses a race loads
and decides again; a cause is applied once, in the order of its sequence.

`write_path.py`: `Store.change` and `change_many`: load, decide, commit; here a lost race is resolved.
`decision.py`: what goes into a decision and comes out of it, as values: Cause, Change, Refusal, Wait, Outcome.
`document.py`: a document in memory: whether it is a cause's turn, what was decided, its outbox.
`sequence.py`: which causes were applied; tells repeats and records that come too early.
`backlog.py`: records that a document keeps: pending for the one before them, or waiting for an announcement.
`history.py`: the append-only history, chained by hashes and paged.
`codec.py`: a document as it rests in the store; opens those of earlier formats.
`mongo.py`: the only module that knows the driver: conditional bulk writes, indexes, a probe.
"""
