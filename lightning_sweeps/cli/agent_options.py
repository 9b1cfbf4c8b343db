"""Adds the options of agents to a command: one command line option for each field of `AgentOptions`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Annotated, Any

import typer

from lightning_sweeps.agents.options import AgentOptions, flag, is_repeated, option_type, options_of

NOT_FOR_USERS = frozenset({"slot"})
"""Fields that only the command line of a single slot's agent has."""


def with_agent_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace a command's parameter `options: AgentOptions` with one option for each field."""
    names = [option.name for option in fields(AgentOptions) if option.name not in NOT_FOR_USERS]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        options = options_of({name: given.pop(name) for name in names})
        command(options=options, **given)

    signature = inspect.signature(command, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        parameters += _parameters() if parameter.name == "options" else [parameter]
    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options


def _parameters() -> list[inspect.Parameter]:
    return [_parameter(option) for option in fields(AgentOptions) if option.name not in NOT_FOR_USERS]


def _parameter(option: Field[Any]) -> inspect.Parameter:
    flags = [flag(option.name)] + ([option.metadata["short"]] if option.metadata["short"] else [])
    declared = typer.Option(*flags, help=option.metadata["help"])
    kind = list[str] if is_repeated(option) else option_type(option)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=[] if is_repeated(option) else option.default,
        annotation=Annotated[kind, declared],
    )
