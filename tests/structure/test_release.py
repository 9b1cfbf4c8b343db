"""What `make release` decides, and what the two distributions contain."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from hatch_build import find_commit
from lightning_sweeps.core.installation import LEFT_OUT, is_left_out
from lightning_sweeps.core.settings import environment
from lightning_sweeps.messages import SweepCreate
from tests.servers import running_server
from tools import thin_distribution
from tools.dependencies import PROJECT, SERVER_ONLY
from tools.release import (
    ReleaseRefusedError,
    check_newer,
    missing,
    named_files,
    released_changelog,
    with_absolute_links,
    with_urls,
)

ROOT = PROJECT.parent
WITHOUT_SERVER = """
import sys
from importlib.machinery import PathFinder

from lightning_sweeps.core.installation import LEFT_OUT

class WithoutServer(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in LEFT_OUT else super().find_spec(name, path, target)

sys.meta_path[:] = [WithoutServer if finder is PathFinder else finder for finder in sys.meta_path]
"""
"""Makes Python miss what the thin distribution leaves out."""
COMMAND = WITHOUT_SERVER + "from lightning_sweeps.cli import main\nmain()\n"
TRIAL = """
import lightning_sweeps as ls

def train(trial):
    with ls.init("thin") as run:
        run.log({"loss": trial.params["x"]})

assert ls.agent(sys.argv[1], train, count=2) == 2
print(ls.best(sys.argv[1]).objective)
"""


def test_a_release_comes_after_the_current_version() -> None:
    check_newer("0.1.0", "0.1.0.dev0")
    check_newer("0.2.0", "0.1.9")
    check_newer("0.1.0rc1", "0.1.0.dev0")
    check_newer("0.1.0", "0.1.0rc2")
    refused = (
        ("0.1.0", "0.1.0"),
        ("0.0.9", "0.1.0.dev0"),
        ("1.2", "0.1.0"),
        ("0.1.0rc1", "0.1.0"),
        ("1.2.3b1", "0.1.0"),
    )
    for version, current in refused:
        with pytest.raises(ReleaseRefusedError, match="allowed"):
            check_newer(version, current)


def test_the_changelog_gets_a_section_for_the_version() -> None:
    text = "# Changelog\n\n## Unreleased\n\n- one\n\n## 0.1.0 (2026-01-01)\n\n- old\n"
    released = released_changelog(text, "0.2.0", "2026-02-03")
    assert released.startswith("# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-03)\n\n- one\n")
    assert released_changelog(text, "0.2.0rc1", "2026-02-03") == text, "the release closes the section"
    with pytest.raises(ReleaseRefusedError, match="lists nothing"):
        released_changelog(released, "0.3.0", "2026-02-03")


def test_packages_name_the_repository() -> None:
    address = "https://host.example/owner/name"
    with pytest.raises(ReleaseRefusedError, match="`REPOSITORY` is ``, allowed"):
        with_urls(PROJECT.read_text(), "")
    project = with_urls(PROJECT.read_text(), address)
    assert project.count("[project.urls]") == 1 and f'Homepage = "{address}"\n' in project
    assert with_urls(project, "") == project
    assert with_urls(project, address) == project


def test_links_of_the_readme_work_on_an_index() -> None:
    readme = "![p](docs/images/a.png) [a](docs/a.md#b) [c](https://x.y/z) [d](#d)"
    assert with_absolute_links(readme, "https://host.example/o/n", "1.2.3") == (
        "![p](https://host.example/o/n/raw/v1.2.3/docs/images/a.png)"
        " [a](https://host.example/o/n/blob/v1.2.3/docs/a.md#b) [c](https://x.y/z) [d](#d)"
    )


def test_what_the_readme_names_must_be_packed() -> None:
    readme = "[a](docs/a.md) [b](https://x.y/z) [c](#c) [d](examples)"
    assert named_files(readme) == ["docs/a.md", "examples"]
    assert missing(["docs/a.md", "examples"], ["examples/ddp/x.py"]) == ["docs/a.md"]


def test_a_folder_without_git_has_no_commit(tmp_path: Path) -> None:
    assert find_commit(tmp_path) == ""


def test_the_thin_project_keeps_all_but_the_server() -> None:
    text = thin_distribution.thin_project(PROJECT.read_text(), "0.1.0.dev0+gabc")
    assert 'name = "lightning-sweeps-thin"\n' in text and 'version = "0.1.0.dev0+gabc"\n' in text
    listed = text[text.index("dependencies = [") : text.index("[project.optional-dependencies]")]
    assert "torch>=" in listed and not any(f"'{name}>" in listed for name in SERVER_ONLY)
    assert "[tool.hatch.version]" not in text and "find_version" not in text


def test_the_thin_wheel(tmp_path: Path) -> None:
    wheel = thin_distribution.build(tmp_path, "0.1.0.dev0+gabc")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        described = message_from_string(packed.read(metadata).decode())
        assert packed.read("lightning_sweeps/commit.txt").decode() == "gabc"
    assert described["Name"] == "lightning-sweeps-thin" and described["Version"] == "0.1.0.dev0+gabc"
    wanted = [each for each in described.get_all("Requires-Dist") or [] if "extra ==" not in each]
    assert "torch>=2.6" in wanted and not any(each.startswith("sqlalchemy") for each in wanted)
    assert not any("/static/" in name for name in names) and "lightning_sweeps/agents/loop.py" in names
    assert "lightning_sweeps/pages/how-to/sql.md" in names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("server",), "this installation has no server"),
        (("runs",), "no server is set, and this installation has none"),
        (("runs", "--help"), ""),
        (("agent", "--help"), ""),
    ],
    ids=["server", "runs", "help of runs", "help of agent"],
)
def test_a_thin_installation_says_what_it_lacks(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        env={"PATH": "", "HOME": str(tmp_path), "LIGHTNING_SWEEPS_HOME": str(tmp_path / "home")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode == 0) == (not said) and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_a_thin_installation_without_a_server_keeps_rows(tmp_path: Path) -> None:
    code = "import lightning_sweeps as ls\nls.init('thin').log({'loss': 1.0})\nls.finish()\n"
    own = {"LIGHTNING_SWEEPS_HOME": str(tmp_path), "LIGHTNING_SWEEPS_SERVICE": "off", "LIGHTNING_SWEEPS_QUIET": "false"}
    words = [sys.executable, "-c", WITHOUT_SERVER + code]
    done = subprocess.run(words, env={**environment(), **own}, capture_output=True, text=True, check=True, timeout=120)
    assert done.stderr.count("no server is set") == 2 and "`lightning-sweeps login URL`" in done.stderr, done.stderr
    assert len(list((tmp_path / "journals").glob("*.journal"))) == 1


def test_a_thin_installation_runs_trials(tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as (client, file):
        sweep = {"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [2, 1]}}}
        sweep_id = client.create_sweep(SweepCreate(sweep)).id
        own = {"LIGHTNING_SWEEPS_HOME": str(tmp_path / "node"), "LIGHTNING_SWEEPS_SERVICE": "thread"}
        server = {"LIGHTNING_SWEEPS_URL": file.url, "LIGHTNING_SWEEPS_API_KEY": file.token}
        words = [sys.executable, "-c", WITHOUT_SERVER + TRIAL, sweep_id]
        done = subprocess.run(
            words, env={**environment(), **own, **server}, capture_output=True, text=True, check=False, timeout=120
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1.0"


def test_only_modules_of_the_server_are_left_out() -> None:
    assert is_left_out("sqlalchemy.orm") and not is_left_out("torch") and not is_left_out(None)
    assert {"graphql" if name == "graphql-core" else name for name in SERVER_ONLY} == LEFT_OUT
