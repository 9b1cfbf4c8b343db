"""Hooks of the docs site (mkdocs.yml): pages from other folders, and pages that are generated from definitions.

Pages link to files of the repository, so that they can be read there too. A link to a page of the site leads to that
page; of a link to another file, such as a program in examples/, only the text stays.
"""

from __future__ import annotations

import importlib
import posixpath
import re
from collections.abc import Iterator
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.core import TyperGroup
from typer.main import get_command

from lightning_sweeps.cli import COMMANDS
from tools.check.files import ROOT

OTHER_PAGES = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Pages outside docs/: the file in the repository, and the page of the site."""

NOT_IN_NAVIGATION = ("code-of-conduct.md",)
CLI_PAGE = "reference/cli.md"

_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from other folders, and the generated ones."""
    pages = {page: (ROOT / source).read_text() for source, page in OTHER_PAGES.items()}
    for page, content in (pages | {CLI_PAGE: render_commands()}).items():
        file = File.generated(config, page, content=content)
        if page in NOT_IN_NAVIGATION:
            file.inclusion = file.inclusion.NOT_IN_NAV
        files.append(file)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Let links lead to pages of the site."""
    sources = {page: source for source, page in OTHER_PAGES.items()}
    uri = page.file.src_uri
    return rewrite_links(markdown, source=sources.get(uri, f"docs/{uri}"), uri=uri)


def rewrite_links(markdown: str, *, source: str, uri: str) -> str:
    """Return the text of a page with the links that the site has. Pure.

    Args:
        markdown: the text.
        source: the file in the repository.
        uri: the page of the site.
    """

    def replace(match: re.Match[str]) -> str:
        target, _, anchor = match["target"].partition("#")
        anchor = anchor.rstrip("-")  # which GitHub keeps of a heading that ends with dots
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        place = OTHER_PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
        if path == "README.md":
            place = "README.md"
        if place is None:
            return match["text"]
        relative = posixpath.relpath(place, posixpath.dirname(uri) or ".")
        return f"[{match['text']}]({relative}{'#' + anchor if anchor else ''})"

    return _LINK.sub(replace, markdown)


def render_commands() -> str:
    """Return the page of every command's usage, arguments and options, from their definitions."""
    lines = [
        "# Every option",
        "",
        "Generated from the definitions of the commands. [Commands](../commands.md) explains them.",
        "",
    ]
    for name, entry in COMMANDS.items():
        app: typer.Typer = importlib.import_module(entry.module).app
        lines += [f"## {name}", "", entry.help, "", *_describe(get_command(app), f"lightning-sweeps {name}")]
    return "\n".join(lines) + "\n"


def _describe(command: Any, path: str) -> Iterator[str]:
    """Yield the lines about a command, a `click.Command` of the click that typer uses."""
    if isinstance(command, TyperGroup):
        for name, part in command.commands.items():
            yield from (f"### {path.removeprefix('lightning-sweeps ')} {name}", "", part.get_short_help_str(200), "")
            yield from _describe(part, f"{path} {name}")
        return
    context = typer.Context(command, info_name=path)
    yield from ("```text", " ".join(command.get_usage(context).split()), "```", "")
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    rows = [record for record in records if record is not None]
    if rows:
        yield from ("| option | meaning |", "|---|---|")
        yield from (f"| `{_cell(option)}` | {_cell(meaning)} |" for option, meaning in rows)
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
