"""Registries: built-in members, members of installed packages, and the errors for missing or broken ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightning_sweeps.core.registry import Registry
from lightning_sweeps.errors import UsageError
from tests.extensions import install_extension

GROUP = "lightning_sweeps.things"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    code = "class Added: pass\n"
    points = {GROUP: {"added": "Added", "broken": "Missing", "json": "Added"}}
    monkeypatch.syspath_prepend(install_extension(tmp_path / "site", code, points))
    yield
    sys.modules.pop("an_extension", None)


def registry() -> Registry[object]:
    return Registry("thing", GROUP, {"json": "json:loads", "csv": "csv:reader"})


def test_a_built_in_member_is_imported_on_first_use() -> None:
    assert registry().get("json").__name__ == "loads"  # type: ignore[attr-defined]
    assert registry().names() == ["json", "csv"]


def test_an_installed_package_adds_a_member(installed: None) -> None:
    things = registry()
    assert things.names() == ["json", "csv", "added", "broken"]
    assert "added" in things
    assert things.get("added").__name__ == "Added"  # type: ignore[attr-defined]


def test_a_package_cannot_replace_a_built_in_member(installed: None) -> None:
    assert registry().get("json").__name__ == "loads"  # type: ignore[attr-defined]


def test_the_error_for_a_member_that_cannot_be_loaded_names_its_package(installed: None) -> None:
    with pytest.raises(UsageError, match="`broken` of the package `an-extension` cannot be loaded: AttributeError"):
        registry().get("broken")


def test_a_member_without_a_required_attribute_is_rejected(installed: None) -> None:
    things: Registry[object] = Registry("thing", GROUP, {"csv": "csv:reader"}, required=("__doc__", "suggest", "load"))
    with pytest.raises(UsageError, match="the thing `added` of the package `an-extension` has no `suggest`, `load`"):
        things.get("added")
    assert things.get("csv").__name__ == "reader"  # type: ignore[attr-defined]


def test_two_packages_with_the_same_name_are_both_named(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "other-1.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text(f"[{GROUP}]\nadded = csv:writer\nmore = csv:writer\n")
    monkeypatch.syspath_prepend(other.parent)
    with pytest.raises(UsageError, match="`added` is declared by the packages `an-extension` and `other`") as raised:
        registry().get("added")
    assert raised.value.hint == "uninstall all but one of them"
    assert registry().get("more").__name__ == "writer"  # type: ignore[attr-defined]


def test_the_error_for_an_unknown_name_suggests_the_closest_one() -> None:
    with pytest.raises(UsageError, match="there is no thing `jsn`, allowed: json, csv") as raised:
        registry().get("jsn")
    assert raised.value.hint == "did you mean `json`?"


def test_a_script_can_register_a_name_once() -> None:
    things = registry()
    things.register("mine", len)
    assert things.get("mine") is len
    assert "mine" in things.names()
    with pytest.raises(UsageError, match="the thing `mine` exists already"):
        things.register("mine", len)
