"""Forks a spare process in advance: it waits for the next trial, so that the trial starts without delay.

Between the fork server and the spare is an intermediate process. It ends when the spare is assigned a trial, so that
the agent adopts the spare. Until then both belong to the fork server and end with it.
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
    """A process that waits for a trial.

    Attributes:
        pid: the spare process.
        intermediate: pid of its parent.
        release: the intermediate process ends when this descriptor is closed.
        channel: the socket of the spare process.
    """

    pid: int
    intermediate: int
    release: int
    channel: socket.socket

    def assign(self, launch: Launch) -> int:
        """Make the spare become the trial; return its pid. It is no longer a descendant of this process."""
        os.close(self.release)
        send(self.channel, launch)
        self.channel.close()
        os.waitpid(self.intermediate, 0)
        return self.pid


def fork_spare(server: socket.socket) -> Spare | Launch:
    """Fork a spare process.

    Args:
        server: the fork server's socket to the agent. Forks close it.

    Returns:
        In the fork server: the spare. In the spare: the trial that it is assigned.
    """
    ours, its = socket.socketpair()
    waiting_on, release = os.pipe()
    reading, writing = os.pipe()
    intermediate = os.fork()
    if intermediate == 0:
        die_with_parent(signal.SIGKILL)
        for descriptor in (release, reading):
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
    return Spare(pid, intermediate, release, ours)


def _wait(channel: socket.socket) -> Launch:
    launch = receive(channel, Launch)
    if launch is None:  # the fork server has ended
        os._exit(0)
    channel.close()
    return launch
