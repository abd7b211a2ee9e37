"""A port is given to one process, and once, for as long as that process lives."""

import subprocess
import sys

import pytest

from deploy.local.addresses import FREE, free_port

ANOTHER = """
import sys
from itertools import count
from deploy.local import addresses
addresses._walk = count(addresses.FREE.index(int(sys.argv[1])))
print(addresses.free_port(), flush=True)
sys.stdin.read()
"""


def another(port: int) -> "subprocess.Popen[str]":
    """A process that takes a port, looking at this one first, and keeps it until its input ends."""
    command = [sys.executable, "-c", ANOTHER, str(port)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def taken(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.mark.whole
def test_no_process_is_given_a_port_of_another_though_nothing_listens_there() -> None:
    ours = free_port()
    with another(ours) as first, another(ours) as second:
        given = {ours, taken(first), taken(second)}
        assert len(given) == 3
        assert given <= set(FREE)
        for process in (first, second):
            process.communicate()


@pytest.mark.whole
def test_what_a_process_had_is_free_once_it_has_ended() -> None:
    with another(FREE[-1]) as first:
        port = taken(first)
        first.communicate()
    with another(port) as second:
        assert taken(second) == port
        second.communicate()


def test_a_process_is_not_given_a_port_twice() -> None:
    given = [free_port() for _ in range(20)]
    assert len(set(given)) == len(given)
