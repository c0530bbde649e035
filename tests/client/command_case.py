"""The command in this process: its article and what it writes."""

from __future__ import annotations

import io
import os

from khulasa.client.command.arguments import parse
from khulasa.client.command.run import run

ARTICLE = "عنوان الخبر\n\nقال المتحدث إن 32 قائدا اجتمعوا. وأضاف أن المحادثات مستمرة.\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def khulasa(*arguments: str, terminal: bool = False) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    out: io.StringIO = Terminal() if terminal else io.StringIO()
    err: io.StringIO = Terminal() if terminal else io.StringIO()
    return run(parse(arguments, os.environ), out, err), out.getvalue(), err.getvalue()
