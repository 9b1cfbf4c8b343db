"""The MCP server: it offers the tools over stdin and stdout."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from lightning_sweeps import __version__
from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.mcp.change_tools import CHANGE_TOOLS
from lightning_sweeps.mcp.read_tools import READ_TOOLS
from lightning_sweeps.mcp.skill import read_skill

Tool = Callable[..., dict[str, Any]]


def build_server(*, allows_changes: bool) -> MCPServer[Any]:
    """Return a server with the tools.

    Args:
        allows_changes: whether it also offers the tools that change sweeps.
    """
    server: MCPServer[Any] = MCPServer(
        "lightning-sweeps", instructions=read_skill(), version=__version__, log_level="WARNING"
    )
    read_tools: tuple[Tool, ...] = READ_TOOLS
    change_tools: tuple[Tool, ...] = CHANGE_TOOLS if allows_changes else ()
    for tool in read_tools:
        server.add_tool(_explained(tool), annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False))
    for tool in change_tools:
        is_destructive = tool.__name__ == "stop_sweep"
        annotations = ToolAnnotations(read_only_hint=False, destructive_hint=is_destructive, open_world_hint=False)
        server.add_tool(_explained(tool), annotations=annotations)
    return server


def _explained(tool: Tool) -> Tool:
    """Return a tool whose errors tell the model what was wrong and what to do."""

    @functools.wraps(tool)
    def call(*args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return tool(*args, **kwargs)
        except LightningSweepsError as error:
            raise ToolError(str(error)) from error

    return call
