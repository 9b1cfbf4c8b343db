"""The texts of environment variables."""

from __future__ import annotations

import pytest

from lightning_sweeps.core.setting_values import one_of


@pytest.mark.parametrize(
    ("text", "value"), [("on", "on"), ("1", "on"), ("True", "on"), ("yes", "on"), ("0", "off"), ("false", "off")]
)
def test_a_switch_has_the_usual_words(text: str, value: str) -> None:
    assert one_of("auto", "on", "off")(text) == value


@pytest.mark.parametrize("text", ["1", "loud", "ON "])
def test_other_words_are_not_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        one_of("process", "off")(text)
