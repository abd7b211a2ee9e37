"""The stack on one machine: Kafka, a document store and our rooms, started, awaited and stopped."""

from deploy.local.addresses import Addresses, Ports, StackError
from deploy.local.rooms import ROOMS, Room, room, start_service
from deploy.local.stack import Stack, choose, stack
from deploy.local.topics import Topic, create_topics, declared

__all__ = [
    "ROOMS",
    "Addresses",
    "Ports",
    "Room",
    "Stack",
    "StackError",
    "Topic",
    "choose",
    "create_topics",
    "declared",
    "room",
    "stack",
    "start_service",
]
