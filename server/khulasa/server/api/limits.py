"""What one request may hold. The defaults are those of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "MAX_ARTICLE_ID_CHARS",
    "MAX_BEAM_SIZE",
    "MAX_FOCUS_CHARS",
    "MAX_KEY_TERMS",
    "MAX_REQUEST_ID_CHARS",
    "MAX_SENTENCES",
    "MAX_TITLE_CHARS",
    "MAX_URL_CHARS",
    "MAX_WORDS",
    "RequestLimits",
]

# Fixed by the protos, code points where not said otherwise.
MAX_ARTICLE_ID_CHARS = 256
MAX_TITLE_CHARS = 1_000
MAX_URL_CHARS = 2_048
MAX_FOCUS_CHARS = 500
MAX_REQUEST_ID_CHARS = 128
MAX_SENTENCES = 100
MAX_WORDS = 10_000
MAX_KEY_TERMS = 50
MAX_BEAM_SIZE = 8


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What an operator may set.

    Attributes:
        max_article_chars: Code points of one article or text.
        max_texts: Texts of one Translate, pairs of one Assess.
        max_request_chars: Code points of all texts of one Translate or Assess together.
        default_beam_size: Beams when the caller names none; bounds `num_hypotheses` then.
    """

    max_article_chars: int = 500_000
    max_texts: int = 1_024
    max_request_chars: int = 1_000_000
    default_beam_size: int = 4
