"""Runs a program that is killed when its starter ends: python parent_watch.py <pid of the starter> <program> ...

The kernel sends the signal when the thread that started this process ends, so start from one that stays.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    starter, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The starter may have ended before the call above.
    if os.getppid() == starter:
        os.execvp(program[0], program)  # noqa: S606 - a shell is what is not wanted here


main()
