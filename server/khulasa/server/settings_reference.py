"""The settings as people read them: `khulasa-server config` and docs/configuration.md come from the same table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from khulasa.server.config import DEFAULT_FILE, ENV_PREFIX, Settings
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

__all__ = ["SettingRow", "as_markdown", "as_text", "settings_table"]

_INTRODUCTION = f"""# Configuration

Made by `khulasa-server config --markdown`; `khulasa-server config` prints the same table with the values in force.

Sources, strongest first: options of `khulasa-server serve` (`--host`, `--port`), environment, settings file, default.
The file is TOML with the names below: `{DEFAULT_FILE}` in the working folder, or the one that `--config` or
`KHULASA_CONFIG` names. A wrong value or an unknown name in the file stops the start with the setting's name.
Lists are comma separated in the environment and arrays in the file; `tokens` is a table there.
SIGHUP reads `tokens`, `models`, `summary_model` and `model_dirs`, and the models, anew without dropping a request;
other settings need a restart, and the log names those that have changed.
Certificates and `jwt_jwks_file` are followed without it.

```toml
# khulasa.toml
host = "0.0.0.0"
metrics_port = 9464
models = ["khulasa-base"]

[tokens]
newsroom = "<64 hex digits, from khulasa-server token newsroom>"
```
"""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting.

    Attributes:
        name: In the file.
        variable: In the environment.
        kind: What values it takes.
        default: As text, empty for none.
        value: In force, secrets masked.
        description: What it does.
    """

    name: str
    variable: str
    kind: str
    default: str
    value: str
    description: str


def settings_table(settings: Settings | None = None) -> list[SettingRow]:
    """Every setting in the order of declaration; values are the defaults without `settings`."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = _shown(_default(field))
        value = _shown(getattr(settings, name)) if settings is not None else default
        rows.append(
            SettingRow(
                name=name,
                variable=f"{ENV_PREFIX}{name.upper()}",
                kind=_kind(field.annotation),
                default=default,
                value=value,
                description=field.description or "",
            )
        )
    return rows


def as_text(rows: list[SettingRow]) -> str:
    """For a terminal."""
    blocks = []
    for row in rows:
        changed = "" if row.value == row.default else f"  (default {row.default or 'none'})"
        blocks.append(
            f"{row.name} = {row.value or 'none'}{changed}\n    {row.variable}, {row.kind}\n    {row.description}"
        )
    return "\n\n".join(blocks) + "\n"


def as_markdown(rows: list[SettingRow]) -> str:
    """docs/configuration.md."""
    lines = [_INTRODUCTION, "| setting | environment | values | default | what it does |", "|---|---|---|---|---|"]
    lines += [
        f"| `{row.name}` | `{row.variable}` | {row.kind} | {f'`{row.default}`' if row.default else 'none'} "
        f"| {row.description} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True, validated_data={})
    return None if value is PydanticUndefined else value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{_shown(one)}" for name, one in value.items())
    if isinstance(value, tuple):
        return ",".join(map(_shown, value))
    return str(value)


def _kind(annotation: Any) -> str:
    """The type in words."""
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(_kind(one) for one in get_args(annotation) if one is not NoneType)
    if get_origin(annotation) is tuple:
        return f"list of {_kind(get_args(annotation)[0])}s"
    if get_origin(annotation) is dict:
        return "name:hash pairs"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(str(one.value) for one in annotation)
    names = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}
    return names.get(annotation, "text")
