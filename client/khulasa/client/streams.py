"""The order of a translation that comes segment by segment."""

from __future__ import annotations

from typing import Any, NoReturn

from khulasa.client import responses
from khulasa.client.calls import Call
from khulasa.client.errors import ErrorFacts, ServerError
from khulasa.client.places import check_place
from khulasa.client.results import StreamedSegment
from khulasa.v1 import translation_pb2

__all__ = ["StreamReader"]


class StreamReader:
    """Reads the messages of one TranslateStream, and notices a segment that is missing, doubled or of no text.

    Args:
        call: The call that was answered.
    """

    def __init__(self, call: Call[Any]) -> None:
        self._request_id = call.request_id
        self._texts = call.request.request.texts
        self._text, self._segment = 0, -1
        self._last: bool | None = None

    def read(self, message: translation_pb2.TranslateStreamResponse) -> StreamedSegment:
        """The next segment.

        Raises:
            ServerError: it cannot come next, or quotes what is not in its text.
        """
        text, segment = message.text_index, message.segment_index
        if self._last:
            self._fail("the stream went on after its last segment")
        # A text without a word has no segment, so texts may be passed over.
        follows = segment == (self._segment + 1 if text == self._text else 0)
        if not follows or not self._text <= text < len(self._texts):
            self._fail(f"segment {segment} of text {text} cannot come next")
        self._text, self._segment, self._last = text, segment, message.last
        made = responses.streamed_segment(message)
        check_place(made.source_text, made.source_span, self._texts[text], self._request_id)
        return made

    def end(self) -> None:
        """The stream ended well: did it bring its last segment? Without it the translation is cut short.

        Raises:
            ServerError: it did not.
        """
        # Of texts without a word nothing comes.
        if self._last is False:
            self._fail("the stream ended before its last segment: the translation is not whole")

    def _fail(self, said: str) -> NoReturn:
        raise ServerError(said, ErrorFacts(request_id=self._request_id))
