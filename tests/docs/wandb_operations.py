"""Generates docs/reference/wandb-operations.md from what answers them.

python -m tests.docs.wandb_operations > docs/reference/wandb-operations.md
"""

from __future__ import annotations

from collections.abc import Iterator

from graphql import GraphQLObjectType, build_schema

from lightning_sweeps.server.protocols.wandb.documents import SCHEMA_FILE
from lightning_sweeps.server.protocols.wandb.operations import RESOLVERS

HEAD = """# Operations of wandb clients

The server answers these operations of unmodified wandb clients. Everything else gets an error at once, and the client
goes on without it. `lightning-sweeps server --unanswered` lists what clients asked for in vain.

The fields below are those that do something. The types also have fields that are values, such as the name of a run.
"""
TITLES = {"Query": "What a client asks for", "Mutation": "What a client changes"}


def render() -> str:
    """Return the whole page."""
    return HEAD + "".join(_section(name) for name in ("Mutation", "Query", *sorted(RESOLVERS.keys() - TITLES.keys())))


def _section(type_name: str) -> str:
    rows = "".join(f"| `{field}` | {meaning} |\n" for field, meaning in _fields(type_name))
    return f"\n## {TITLES.get(type_name, type_name)}\n\n| operation | what the server does |\n|---|---|\n{rows}"


def _fields(type_name: str) -> Iterator[tuple[str, str]]:
    declared = build_schema(SCHEMA_FILE.read_text()).type_map[type_name]
    assert isinstance(declared, GraphQLObjectType)
    for name, resolver in sorted(RESOLVERS[type_name].items()):
        assert name in declared.fields, f"the schema has no `{type_name}.{name}`"
        yield name, (resolver.__doc__ or "").partition("\n")[0].strip()


if __name__ == "__main__":
    print(render(), end="")
