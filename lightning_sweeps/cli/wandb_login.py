"""Writes what wandb's clients read: the address of a server into their settings, and its API key into `.netrc`."""

from __future__ import annotations

import configparser
import io
import netrc
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from lightning_sweeps.core.paths import WandbClientFiles, write_whole
from lightning_sweeps.errors import UsageError

USER = "user"
"""Clients send the key as a password, and this as the name."""
SECTION, BASE_URL = "default", "base_url"


def write_login(files: WandbClientFiles, url: str, key: str) -> None:
    """Make a server the default of wandb's clients, and store its API key. Other entries stay.

    Raises:
        UsageError: the clients refuse the key, or one of the files is damaged.
    """
    if "-" in key:
        raise UsageError(
            "wandb's clients refuse API keys with a `-`", hint="make a new one: `lightning-sweeps key create NAME`"
        )
    write_whole(files.netrc, with_machine(_text(files.netrc), urlsplit(url).netloc, key, path=files.netrc).encode())
    write_whole(files.settings, with_address(_text(files.settings), url, path=files.settings).encode())


def with_machine(text: str, machine: str, key: str, *, path: Path) -> str:
    """Return the text of a netrc file with the key of a machine, in place of an older one.

    Raises:
        UsageError: the file is damaged, or has the machine in a form that this program does not change.
    """
    kept = _without(text.splitlines(), machine)
    changed = "\n".join([*kept, f"machine {machine}", f"  login {USER}", f"  password {key}", ""])
    if _password(path, changed, machine) != key:
        raise UsageError(
            f"`{path}` has an entry for `{machine}` that cannot be replaced", hint="remove it, and log in again"
        )
    return changed


def with_address(text: str, url: str, *, path: Path) -> str:
    """Return the text of the clients' settings with the address of a server.

    Raises:
        UsageError: the file is damaged.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UsageError(f"`{path}` is damaged: {error}", hint="repair or remove it") from None
    if not parser.has_section(SECTION):
        parser.add_section(SECTION)
    parser.set(SECTION, BASE_URL, url)
    changed = io.StringIO()
    parser.write(changed)
    return changed.getvalue()


def _without(lines: list[str], machine: str) -> list[str]:
    """Return lines without the entry of a machine: from its own line to before the next entry."""
    kept: list[str] = []
    is_its = False
    for line in lines:
        words = line.split()
        if words[:1] in (["machine"], ["default"], ["macdef"]):
            is_its = words[:2] == ["machine", machine]
        if not is_its:
            kept.append(line)
    return kept


def _password(path: Path, text: str, machine: str) -> str | None:
    """Return the password that a netrc file with this text gives for a machine."""
    with tempfile.NamedTemporaryFile("w", suffix=".netrc") as file:
        file.write(text)
        file.flush()
        try:
            found = netrc.netrc(file.name).authenticators(machine)
        except netrc.NetrcParseError as error:
            raise UsageError(f"`{path}` is damaged: {error.msg}", hint="repair it, and log in again") from None
    return None if found is None else found[2]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
