"""Kafka as services use it: nothing is committed before it is handled, nothing decided goes unpublished."""
