"""Which parts of this package are installed. The thin distribution has no server."""

from __future__ import annotations

from importlib.util import find_spec

THIN = "lightning-sweeps-thin"
WHOLE = "lightning-sweeps"
SERVER_MODULES = ("fastapi", "sqlalchemy", "uvicorn")
"""Modules without which no server starts."""
LEFT_OUT = frozenset({*SERVER_MODULES, "alembic", "cmaes", "graphql", "h11", "optuna", "scipy", "starlette"})
"""Modules that the thin distribution does not install. `tools/dependencies.py` lists their packages."""
ADD_SERVER = f"to add it: `pip uninstall {THIN}`, then `pip install {WHOLE}`"


def has_server() -> bool:
    """Return whether a server can run in this installation."""
    return all(find_spec(name) is not None for name in SERVER_MODULES)


def is_left_out(module: str | None) -> bool:
    """Return whether a module that cannot be imported is one that the thin distribution leaves out."""
    return (module or "").partition(".")[0] in LEFT_OUT
