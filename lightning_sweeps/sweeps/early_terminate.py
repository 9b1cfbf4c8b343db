"""The `early_terminate` section: read by the config model of the stopping rule that its `type` names."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from lightning_sweeps.errors import UsageError
from lightning_sweeps.sweeps.fields import member_of, refuse, shown
from lightning_sweeps.sweeps.stopping_rules import BUILT_IN, STOPPING_RULES, RuleConfig

_check_type = member_of(STOPPING_RULES)


def read_section(raw: object) -> RuleConfig:
    """Return the checked section.

    Raises:
        PydanticCustomError: the section is not a map.
        ValidationError: `type` is missing or unknown, or the rule's model rejects a key.
    """
    if isinstance(raw, RuleConfig):
        return raw
    if not isinstance(raw, dict):
        raise refuse(f"is {shown(raw)}, allowed: a map with the `type` of a stopping rule")
    if "type" not in raw:
        raise _error_at_type("missing", raw)
    try:
        name = _check_type(raw["type"])
    except PydanticCustomError as error:
        raise _error_at_type(error, raw["type"]) from error
    return STOPPING_RULES.get(name).config_model.model_validate(raw)


def model_of(raw: object) -> type[RuleConfig]:
    """Return the model that reads a section; the base class if its `type` is unknown."""
    name = raw.get("type") if isinstance(raw, dict) else None
    try:
        return STOPPING_RULES.get(str(name)).config_model
    except UsageError:  # the validator of `type` reports it, with the line in the file
        return RuleConfig


def _error_at_type(error: str | PydanticCustomError, given: object) -> ValidationError:
    details = InitErrorDetails(type=error, loc=("type",), input=given)
    return ValidationError.from_exception_data("early_terminate", [details])


class _RuleSection:
    """Tells pydantic to read the section by the registry. The JSON schema lists the built-in rules."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(read_section)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema
        models = [STOPPING_RULES.get(name).config_model for name in BUILT_IN]
        return handler(core_schema.union_schema([model.__pydantic_core_schema__ for model in models]))


EarlyTerminate = Annotated[RuleConfig, _RuleSection()]
