"""The password of a database: in a URL, a file, a variable or `~/.pgpass`, and never in a message."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql
from sqlalchemy.engine import make_url

from lightning_sweeps.core.settings import environment, read_settings
from lightning_sweeps.errors import UsageError
from lightning_sweeps.store.database_url import database_url, parse_url, without_password
from tests.servers import PostgreSQL, end_server, start_server, wait_for_server

PASSWORD = "p@ss/w:rd?50%#x"


@pytest.mark.parametrize(
    ("text", "user", "password", "host", "port", "name"),
    [
        ("postgresql://u:p@h/n", "u", "p", "h", None, "n"),
        ("postgresql://u:p@ss/w@h:5432/n", "u", "p@ss/w", "h", 5432, "n"),
        ("postgresql://u:p%40ss%2Fw@h/n", "u", "p@ss/w", "h", None, "n"),
        ("postgresql://u:what?@h/n", "u", "what?", "h", None, "n"),
        ("postgresql://u:p@h/n?application_name=a@b", "u", "p", "h", None, "n"),
        ("postgresql://u:p@s?s@h/n", "u", "p@s?s", "h", None, "n"),
        ("postgresql://u:a:b@h/n", "u", "a:b", "h", None, "n"),
        ("postgresql://u@h/n", "u", None, "h", None, "n"),
        ("postgresql://h:5432/n?application_name=a@b", None, None, "h", 5432, "n"),
        ("postgresql:///n", None, None, None, None, "n"),
        ("postgresql://u:p@[::1]:1/n", "u", "p", "::1", 1, "n"),
        ("sqlite:////a@b:c@d.db", None, None, None, None, "/a@b:c@d.db"),
    ],
)
def test_parts_of_a_url(
    text: str, user: str | None, password: str | None, host: str | None, port: int | None, name: str
) -> None:
    url = parse_url(text)
    assert (url.username, url.password, url.host, url.port, url.database) == (user, password, host, port, name)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="%"), min_size=1))
def test_any_password_without_percent_signs_is_found_as_it_is(password: str) -> None:
    if re.match(r"\d+/[^@]*\?", password):
        return  # the user could be a host, with its port
    assert parse_url(f"postgresql://u:{password}@h/n").password == password


@pytest.mark.parametrize("text", ["nothing", "postgresql://u:S3cret@h:port/n", "://", "postgresql://u:S3cret@h:1:2/n"])
def test_a_bad_url_is_not_shown(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read") as refusal:
        parse_url(text)
    assert "S3cret" not in str(refusal.value) and "%40" in str(refusal.value)


def test_the_password_of_a_file_belongs_to_the_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("LIGHTNING_SWEEPS_DATABASE_PASSWORD_FILE", str(file))
    with pytest.raises(UsageError, match="no database is named"):
        database_url(None, read_settings())
    monkeypatch.setenv("LIGHTNING_SWEEPS_DATABASE", "postgresql://u@h/n")
    found = database_url(None, read_settings())
    assert found is not None and make_url(found).password == PASSWORD and make_url(found).host == "h"
    other = database_url("postgresql://u@other/n", read_settings())
    assert other is not None and make_url(other).host == "other"
    assert without_password(f"no user with {PASSWORD}", make_url(found)) == "no user with ***"
    for content, said in (("", "is empty"), (None, "cannot be read")):
        file.unlink()
        if content is not None:
            file.write_text(content)
        with pytest.raises(UsageError, match=said):
            database_url(None, read_settings())
        file.touch()


@pytest.fixture
def guarded(postgres: PostgreSQL) -> Iterator[str]:
    """A database whose user needs a password. The test's PostgreSQL trusts all other users."""
    url = postgres.new_database()
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD {}").format(PASSWORD))
        rules = str(connection.execute("SELECT pg_read_file(current_setting('hba_file'))").fetchall()[0][0])
        set_rules(connection, f"host all guarded 127.0.0.1/32 scram-sha-256\n{rules}")
        yield url.replace("postgres@", "guarded@")
        set_rules(connection, rules)
        postgres.drop(url)
        connection.execute("DROP ROLE guarded")


def set_rules(connection: psycopg.Connection, rules: str) -> None:
    """Write the file of PostgreSQL that says who needs a password."""
    [[path]] = connection.execute("SHOW hba_file").fetchall()
    lines = [line for line in rules.splitlines() if line and not line.startswith("#")]
    chosen = sql.SQL("COPY (SELECT unnest({}::text[])) TO {}").format(lines, str(path))
    connection.execute(chosen)
    connection.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("how", ["file", "variable", "pgpass"])
def test_a_server_whose_password_is_not_in_its_arguments(
    home: Path, tmp_path: Path, guarded: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "file":
        file = tmp_path / "password"
        file.write_text(PASSWORD)
        monkeypatch.setenv("LIGHTNING_SWEEPS_DATABASE", guarded)
        monkeypatch.setenv("LIGHTNING_SWEEPS_DATABASE_PASSWORD_FILE", str(file))
    elif how == "pgpass":
        file = tmp_path / "pgpass"
        escaped = PASSWORD.replace(":", "\\:")
        file.write_text(f"127.0.0.1:*:*:guarded:{escaped}\n")
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(file))
        monkeypatch.setenv("LIGHTNING_SWEEPS_DATABASE", guarded)
    else:
        monkeypatch.setenv("LIGHTNING_SWEEPS_DATABASE", guarded.replace("guarded@", f"guarded:{PASSWORD}@"))
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(guarded.replace("guarded@", "guarded:wrong@"))
    process = start_server(home)
    try:
        wait_for_server(home, process)
        assert PASSWORD not in shlex.join(psutil.Process(process.pid).cmdline())
        check = [sys.executable, "-m", "lightning_sweeps.cli", "db", "check"]
        done = subprocess.run(check, env=environment(), capture_output=True, text=True, timeout=60, check=True)
        assert "intact" in done.stdout
    finally:
        end_server(process)
    assert PASSWORD not in (home / "server.log").read_text()


@pytest.mark.parametrize("port", [1, 0], ids=["nothing listens", "no server"])
def test_no_message_of_a_server_that_cannot_start_shows_the_password(home: Path, port: int) -> None:
    url = f"postgresql://u:{PASSWORD}@127.0.0.1:{port or 2}/n"
    process = start_server(home, database=url)
    assert process.wait(60) == 1
    said = (home / "server.log").read_text()
    assert "cannot be used" in said and not any(part in said for part in ("p@ss", "ss/w", "rd?50"))
