"""Checks and executes GraphQL documents within limits.

graphql-core is imported with the first document: most servers never see one, and the import takes time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lightning_sweeps.errors import LightningSweepsError
from lightning_sweeps.server.protocols.refusals import one_line
from lightning_sweeps.server.protocols.unanswered import UnansweredOperations
from lightning_sweeps.server.web.problems import status_of

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLError, GraphQLSchema

MAX_TOKENS = 4_000
"""The longest document of wandb's clients has about 1,500."""
MAX_DEPTH = 20
"""How deep fields may be nested in each other."""
MAX_ERRORS = 5

_CAPITALS = re.compile(r"(?<=[a-z0-9])[A-Z]+")

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")

Resolver: TypeAlias = Callable[..., Any]
Resolvers: TypeAlias = Mapping[str, Mapping[str, Resolver]]
"""By type and field, what answers it: a function of the parent value, the context, and the arguments by name."""


@dataclass(frozen=True, slots=True)
class DocumentAnswer:
    """The response to a document: its HTTP status and its JSON body."""

    status: int
    body: dict[str, Any]


class Documents:
    """Executes documents against the schema. Threads may share an instance.

    Args:
        resolvers: what answers fields. Other fields are read from the parent value, which is a map.
        unanswered: counts operations that the schema does not have.
    """

    def __init__(self, resolvers: Resolvers, unanswered: UnansweredOperations) -> None:
        self._resolvers = resolvers
        self._unanswered = unanswered
        self._lock = threading.Lock()
        self._schema: GraphQLSchema | None = None

    def execute(
        self, source: str, variables: dict[str, Any], context: object, *, operation: str | None = None
    ) -> DocumentAnswer:
        """Return the answer to a document. Nothing that the document says makes it raise.

        Args:
            source: the document.
            variables: its variables.
            context: what resolvers get.
            operation: which of its operations; None: its only one.
        """
        from graphql import GraphQLError, execute_sync, validate

        schema = self._built_schema()
        try:
            document = _parse(source)
        except GraphQLError as error:
            return DocumentAnswer(400, {"errors": [_described(error)]})
        errors = validate(schema, document, max_errors=MAX_ERRORS)
        if errors:
            self._unanswered.note(name_of(document), errors[0].message)
            return DocumentAnswer(400, {"errors": [_described(error) for error in errors]})
        known, unknown = known_inputs(schema, document, variables)
        for field in unknown:
            self._unanswered.note(name_of(document), f"the input `{field}` is ignored")
        result = execute_sync(schema, document, context_value=context, variable_values=known, operation_name=operation)
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [_described(error) for error in result.errors]
        return DocumentAnswer(200 if result.data is not None else _status_of(result.errors or []), body)

    def _built_schema(self) -> GraphQLSchema:
        with self._lock:
            if self._schema is None:
                self._schema = _build(self._resolvers)
            return self._schema


def known_inputs(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return variables without the input fields that the schema does not have, and the names of these fields.

    Every version of a client sends some more. A W&B server without them would refuse the whole request.
    """
    from graphql import OperationDefinitionNode, type_from_ast

    known = dict(variables)
    unknown: list[str] = []
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            for defined in one.variable_definitions or ():
                name = defined.variable.name.value
                if name in known:
                    known[name] = _pruned(type_from_ast(schema, defined.type), known[name], unknown)
    return known, unknown


def _pruned(declared: Any, value: Any, unknown: list[str]) -> Any:
    from graphql import GraphQLInputObjectType, get_named_type

    named = get_named_type(declared)
    if not isinstance(named, GraphQLInputObjectType):
        return value
    if isinstance(value, list):
        return [_pruned(named, one, unknown) for one in value]
    if not isinstance(value, dict):
        return value
    unknown += [f"{named.name}.{key}" for key, one in value.items() if key not in named.fields and one is not None]
    return {key: _pruned(named.fields[key].type, one, unknown) for key, one in value.items() if key in named.fields}


def name_of(document: DocumentNode) -> str:
    """Return the name of a document's first operation. Without a name, it is that of the first field."""
    from graphql import OperationDefinitionNode

    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            first = one.selection_set.selections[0]
            named = one.name or getattr(first, "name", None)
            return "" if named is None else str(named.value)
    return ""


def _parse(source: str) -> DocumentNode:
    """Parse a document.

    Raises:
        GraphQLError: it is not a document, or it is too long or nested too deeply.
    """
    from graphql import parse

    try:
        document = parse(source, max_tokens=MAX_TOKENS)
    except RecursionError:
        raise _too_deep() from None
    _check_depth(document)
    return document


def _check_depth(document: DocumentNode) -> None:
    """Check how deep the fields of a document are nested, also through fragments, and how many there are.

    Raises:
        GraphQLError: they are nested too deeply, or there are too many.
    """
    from graphql import FragmentDefinitionNode, GraphQLError

    definitions: Any = document.definitions
    fragments = {one.name.value: one.selection_set for one in definitions if isinstance(one, FragmentDefinitionNode)}
    level = [one.selection_set for one in definitions if getattr(one, "selection_set", None) is not None]
    count = 0
    for _ in range(MAX_DEPTH):
        fields = [field for selected in level for field in selected.selections]
        count += len(fields)
        if count > MAX_TOKENS:
            raise GraphQLError(f"the document selects more than {MAX_TOKENS} fields")
        below = [
            fragments.get(field.name.value) if field.kind == "fragment_spread" else field.selection_set
            for field in fields
        ]
        level = [selected for selected in below if selected is not None]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> GraphQLError:
    from graphql import GraphQLError

    return GraphQLError(f"the document is nested too deeply, allowed: {MAX_DEPTH} levels")


def _build(resolvers: Resolvers) -> GraphQLSchema:
    from graphql import GraphQLObjectType, build_schema

    schema = build_schema(SCHEMA_FILE.read_text())
    for type_name, fields in resolvers.items():
        answered = schema.type_map[type_name]
        assert isinstance(answered, GraphQLObjectType)  # noqa: S101  by the schema's file
        for name, resolver in fields.items():
            answered.fields[name].resolve = _adapted(resolver)
    return schema


def _adapted(resolver: Resolver) -> Resolver:
    def resolve(parent: Any, info: Any, **arguments: Any) -> Any:
        return resolver(parent, info.context, **_in_snake_case(arguments))

    return resolve


def _in_snake_case(given: Any) -> Any:
    """Return arguments with the names that Python code uses, also inside of input objects."""
    if isinstance(given, dict):
        return {_CAPITALS.sub(_lowered, key): _in_snake_case(value) for key, value in given.items()}
    if isinstance(given, list):
        return [_in_snake_case(one) for one in given]
    return given


def _lowered(capitals: re.Match[str]) -> str:
    return f"_{capitals[0].lower()}"


def _status_of(errors: list[GraphQLError]) -> int:
    """Return the HTTP status of an answer without data: that of our first error, or 400."""
    causes = [error.original_error for error in errors]
    return next((status_of(cause) for cause in causes if isinstance(cause, LightningSweepsError)), 400)


def _described(error: GraphQLError) -> dict[str, Any]:
    """Return an error as the body of a response has it. Only our own errors are quoted."""
    cause = error.original_error
    if isinstance(cause, LightningSweepsError):
        message = one_line(cause.message, cause.hint)
    elif cause is not None:
        raise cause
    else:
        message = error.message
    described: dict[str, Any] = {"message": message}
    if error.path:
        described["path"] = error.path
    return described
