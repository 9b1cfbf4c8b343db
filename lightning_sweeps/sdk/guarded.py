"""Keeps exceptions of users' objects out of training."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])


def guarded(method: Method) -> Method:
    """Return the method of a run so that it reports an exception once, and returns None, instead of raising it."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **keywords: Any) -> Any:
        try:
            return method(self, *args, **keywords)
        except Exception as error:  # a user's object may raise anything
            problem = f"{method.__name__}() is ignored: {type(error).__name__}: {_text_of(error)}"
            self._report(problem, about=f"{method.__name__} {type(error).__name__}")
            return None

    return cast("Method", call)


def _text_of(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # the text of the exception may contain a user's object
        return ""
