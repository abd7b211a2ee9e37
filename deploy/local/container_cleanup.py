"""Removes a container once standard input ends, which is when its starter has ended."""

import sys

import docker  # type: ignore[import-untyped]

sys.stdin.read()
docker.from_env().containers.get(sys.argv[1]).remove(force=True, v=True)
