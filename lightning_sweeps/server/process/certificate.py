"""Checks the certificate for HTTPS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from lightning_sweeps.errors import UsageError


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files for HTTPS.

    Attributes:
        file: The certificate with its chain.
        key_file: The private key of the certificate.
    """

    file: Path
    key_file: Path


def certificate_of(file: str | None, key_file: str | None) -> Certificate | None:
    """Return the given certificate, or None if neither file is given.

    Raises:
        UsageError: one of the two files is missing, or they are not a certificate with its key.
    """
    if not file and not key_file:
        return None
    if not file or not key_file:
        raise UsageError("HTTPS needs a certificate and its key", hint="give both --tls-certificate and --tls-key")
    found = Certificate(Path(file).expanduser().absolute(), Path(key_file).expanduser().absolute())
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(found.file, found.key_file)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"`{file}` and `{key_file}` are not a certificate and its key ({error})") from None
    return found
