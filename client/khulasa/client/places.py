"""Whether what the server quotes stands where it says. Quoted unseen, a shifted place would be another sentence."""

from __future__ import annotations

from khulasa.client.errors import ErrorFacts, ServerError
from khulasa.client.results import Span

__all__ = ["check_place"]


def check_place(quoted: str, span: Span, text: str, request_id: str) -> None:
    """Compare a quotation with the text that was sent.

    Args:
        quoted: What the server says stands there.
        span: Its place.
        text: The text that was sent.
        request_id: Of the call.

    Raises:
        ServerError: something else stands there.
    """
    if span.start < 0 or span.of(text) != quoted:
        said = (
            f"what the server quotes does not stand at {span} of the text: its offsets are not those of what was sent"
        )
        raise ServerError(said, ErrorFacts(request_id=request_id))
