"""What is wrong with the settings, in the words of the settings and not of the library that reads them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

__all__ = ["SettingsError", "SettingsFault", "check_file", "fault_of_file", "faults_of", "masked", "unknown_name"]

_MAX_BYTES = 1 << 20

# What the library says of types that neither TOML nor the environment knows by that name.
_TYPES = {"tuple_type": "give a list", "dict_type": "give a table of names and hashes", "path_type": "give a path"}


# A token or its hash, which an operator may have put in the place of a name.
_SECRET = re.compile(r"kh_[\w-]{40,}+|[0-9A-Fa-f]{64}", re.ASCII)


def masked(text: str) -> str:
    """`text` without any token or hash of one."""
    return _SECRET.sub("********", text)


@dataclass(frozen=True, slots=True)
class SettingsFault:
    """One thing that is wrong.

    Attributes:
        subject: The setting's name, `settings file` and its path, or empty where several settings do not fit together;
            then the message names them.
        message: What is wrong and, where it can be known, what to give.
        variable: The setting in the environment; empty for what is no setting.
    """

    subject: str
    message: str
    variable: str = ""

    def line(self) -> str:
        """For a terminal."""
        variable = f" ({self.variable})" if self.variable else ""
        return f"{self.subject or 'settings'}{variable}: {self.message}"


class SettingsError(ValueError):
    """The settings cannot be used; the message has every fault, separated by semicolons."""

    def __init__(self, faults: Sequence[SettingsFault]) -> None:
        super().__init__("; ".join(fault.line() for fault in faults))
        self.faults = tuple(faults)


def faults_of(error: ValidationError, descriptions: Mapping[str, str], prefix: str) -> list[SettingsFault]:
    """Each fault that validation found; values are not quoted, for they may be secret.

    Args:
        descriptions: Of every setting, by name.
        prefix: Of the settings in the environment.
    """
    found = []
    for one in error.errors(include_url=False, include_input=False):
        name = ".".join(map(str, one["loc"]))
        setting = str(one["loc"][0]) if one["loc"] else ""
        if one["type"] == "extra_forbidden":
            found.append(SettingsFault(masked(name), unknown_name(name, descriptions)))
        else:
            variable = prefix + setting.upper() if setting else ""
            message = _message(one, descriptions.get(setting, ""))
            found.append(SettingsFault(masked(name), masked(message), variable))
    return found


def check_file(path: Path) -> None:
    """Looks at what stands in the settings file's place before it is read, while calls wait for a SIGHUP.

    Raises:
        OSError: it is not there, or nothing that settings are read from; also when it cannot be read.
        ValueError: it begins as TOML does not.
    """
    if path.is_dir():
        raise IsADirectoryError("it is a folder")
    if not path.exists():
        raise FileNotFoundError("there is no such file")
    if not path.is_file():
        raise OSError("it is no plain file")
    with path.open("rb") as file:
        start = file.read(_MAX_BYTES + 1)
    if len(start) > _MAX_BYTES:
        raise OSError(f"it has more than {_MAX_BYTES:,} bytes")
    if start.startswith(codecs.BOM_UTF8):
        raise ValueError("it begins with a byte order mark; save it as UTF-8 without")


def fault_of_file(path: Path, error: Exception) -> SettingsFault:
    """What keeps the settings file from being read."""
    if isinstance(error, UnicodeDecodeError):
        message = "not UTF-8, so no TOML"
    elif isinstance(error, RecursionError):
        message = "nested too deeply"
    else:
        message = (isinstance(error, OSError) and error.strerror) or str(error)
    return SettingsFault(f"settings file {path}", message)


def unknown_name(name: str, known: Collection[str]) -> str:
    """Says that no setting is called so, and which one may have been meant."""
    close = get_close_matches(name, known, n=1)
    return "no setting has this name" + (f"; did you mean {close[0]}?" if close else "; see `khulasa-server config`")


def _message(fault: Mapping[str, Any], description: str) -> str:
    if fault["type"] in ("string_pattern_mismatch", "too_short"):
        # A regular expression tells an operator less than what the setting is for.
        return f"not a value that it takes. {description}"
    return _TYPES.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))
