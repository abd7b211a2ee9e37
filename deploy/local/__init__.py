"""The stack on one machine: Kafka, a document store and our services, started, awaited and stopped."""

from deploy.local.addresses import Addresses, Ports, StackError
from deploy.local.services import SERVICES, Service, service, start_service
from deploy.local.stack import Stack, choose, stack
from deploy.local.topics import Topic, create_topics, declared

__all__ = [
    "SERVICES",
    "Addresses",
    "Ports",
    "Service",
    "Stack",
    "StackError",
    "Topic",
    "choose",
    "create_topics",
    "declared",
    "service",
    "stack",
    "start_service",
]
