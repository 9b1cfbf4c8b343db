"""A small SMTP server that receives mail."""

from __future__ import annotations

import email
import email.policy
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from tests.alerts.served import served


class SmtpServer(socketserver.ThreadingTCPServer):
    """Stores mails. While `refuses` is True, it accepts no sender."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mails: list[EmailMessage] = []
        self.refuses = False

    @property
    def url(self) -> str:
        """The URL of Apprise for it."""
        return f"mailto://127.0.0.1:{self.server_address[1]}?from=sweeps@example.org&to=ada@example.org"


class _Handler(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        self._say("220 test")
        for line in self.rfile:
            verb = line.decode().strip().upper()[:4]
            if verb == "QUIT":
                return self._say("221 bye")
            if verb == "MAIL" and self.server.refuses:
                self._say("451 try again later")
            elif verb == "DATA":
                self._say("354 go on")
                self.server.mails.append(self._mail())
                self._say("250 accepted")
            else:
                self._say("250 ok")
        return None

    def _mail(self) -> EmailMessage:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    """Run a receiver of mail in a thread."""
    with SmtpServer() as server, served(server):
        yield server
