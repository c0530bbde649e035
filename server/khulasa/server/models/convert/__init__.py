"""Converters: models of other projects become packages that the server loads. docs/converting.md describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from khulasa.server.models.convert.package import convert

__all__ = ["convert"]


def __getattr__(name: str) -> Any:
    """`convert` on first use: the command line is built without the converters."""
    if name != "convert":
        raise AttributeError(name)
    from khulasa.server.models.convert.package import convert

    return convert
