"""The versions of YAML that sweep files may have."""

from __future__ import annotations

from typing import Literal

YamlVersion = Literal["1.1", "1.2"]
YAML_VERSIONS: tuple[YamlVersion, ...] = ("1.1", "1.2")
