"""Generates docs/reference/mlflow-operations.md from what answers them.

python -m tests.docs.mlflow_operations > docs/reference/mlflow-operations.md
"""

from __future__ import annotations

from lightning_sweeps.server.protocols.mlflow.operations import OPERATIONS

HEAD = """# Operations of MLflow clients

The server answers these operations of unmodified MLflow clients, below `/api/2.0/mlflow/`, and the artifact routes
below `/api/2.0/mlflow-artifacts/artifacts/` (list, PUT, GET, DELETE). Everything else gets the error
`ENDPOINT_NOT_FOUND` at once. `lightning-sweeps server --unanswered` lists what clients asked for in vain.

| operation | what the server does |
|---|---|
"""


def render() -> str:
    """Return the whole page."""
    meanings = {name: (handler.__doc__ or "").partition("\n")[0].strip() for name, handler in OPERATIONS.items()}
    return HEAD + "".join(f"| `{name}` | {meaning} |\n" for name, meaning in meanings.items())


if __name__ == "__main__":
    print(render(), end="")
