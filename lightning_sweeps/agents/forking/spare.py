"""A fork of the fork server that waits for its trial: forked while the trial before runs, it starts in no time.

Between the two is a process that ends when the trial is given: the waiting one is then adopted by the agent. Until that
moment both belong to the fork server, and go with it.
"""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass

from lightning_sweeps.agents.forking.protocol import Launch, receive, send
from lightning_sweeps.agents.launch.parent import die_with_parent

PID_BYTES = 32


@dataclass(frozen=True, slots=True)
class Spare:
    """A process that waits; `between` is its parent, `hold` what that one waits on."""

    pid: int
    between: int
    hold: int
    channel: socket.socket

    def give(self, launch: Launch) -> int:
        """Have it become the trial; return its pid, which is no longer this process's descendant."""
        os.close(self.hold)
        send(self.channel, launch)
        self.channel.close()
        os.waitpid(self.between, 0)
        return self.pid


def fork_spare(server: socket.socket) -> Spare | Launch:
    """Fork a spare; in the fork, return once its trial is given.

    Args:
        server: the fork server's own line, which no fork keeps.
    """
    ours, its = socket.socketpair()
    waiting_on, hold = os.pipe()
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        die_with_parent(signal.SIGKILL)
        for descriptor in (hold, reading):
            os.close(descriptor)
        server.close()
        ours.close()
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            os.close(waiting_on)
            return _wait(its)
        os.write(writing, str(pid).encode())
        os.close(writing)
        its.close()
        os.read(waiting_on, 1)
        os._exit(0)
    for descriptor in (waiting_on, writing):
        os.close(descriptor)
    its.close()
    pid = int(os.read(reading, PID_BYTES))
    os.close(reading)
    return Spare(pid, between, hold, ours)


def _wait(channel: socket.socket) -> Launch:
    launch = receive(channel, Launch)
    if launch is None:  # the fork server has ended
        os._exit(0)
    channel.close()
    return launch
