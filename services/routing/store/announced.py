"""The compacted topics that routing keeps in memory."""

from schemas import directory, policies
from services.common.kafka.table import Contents

VERSIONS = Contents(policies.TOPIC, policies.ADAPTER, policies.key, lasting=True)
PEOPLE = Contents(directory.TOPIC, directory.ADAPTER, directory.key, personal=True)
