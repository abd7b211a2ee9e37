"""Kafka's own choice of a partition: where the records of a key are."""

from uuid import UUID

from aiokafka.partitioner import murmur2


def partition_of(key: UUID, count: int) -> int:
    """The one of `count` partitions to which every client sends the records of a case."""
    return int(murmur2(str(key).encode()) & 0x7FFFFFFF) % count
