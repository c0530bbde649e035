"""What the translator is given of the text room."""

from __future__ import annotations

from khulasa.server.core.text.normalize import normalize
from khulasa.server.core.text.sentences import sentence_spans
from khulasa.server.core.translation.translator.parts import LanguageRules

__all__ = ["language_rules"]


def language_rules() -> LanguageRules:
    """Sentences of a line, divided as an article's are, and segments normalised for the model."""
    return LanguageRules(sentence_spans, normalize)
