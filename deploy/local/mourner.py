"""Removes a container once standard input ends, which is when whoever started both is gone."""

import sys

import docker  # type: ignore[import-untyped]

sys.stdin.read()
docker.from_env().containers.get(sys.argv[1]).remove(force=True, v=True)
