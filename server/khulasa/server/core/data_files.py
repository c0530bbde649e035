"""Reads the lists that lie as YAML beside the code that uses them."""

from __future__ import annotations

from typing import Any

import yaml

try:
    # libyaml's own reader takes a tenth of the time; PyYAML's wheels have it.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = ["parse_yaml"]


def parse_yaml(text: str) -> Any:
    """What a YAML document of ours says: mappings, lists, texts, numbers."""
    return yaml.load(text, Loader=SafeLoader)
