"""What in an article supports a sentence that a model wrote, and which of its names stand nowhere in the article.

Evidence is found by the vectors of the multilingual encoder: the article's sentence nearest in meaning, and others
that are nearly as near, since a written sentence often joins two. Names are compared by stems: a word capitalised in an
English sentence, or told to be a name in Arabic, must have its stem in the article.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import regex
from khulasa.server.core.summary.lexicon import Lexicon, lexicon, words_of
from khulasa.server.core.text.types import Document, Span

__all__ = ["evidence_sentences", "stems_of", "unsupported_names"]

# A further sentence is evidence too from this cosine, when it is at most this far below the nearest one.
_ALSO_FROM, _ALSO_WITHIN = 0.45, 0.08
_MOST_EVIDENCE = 3
# Words shorter than this are too often affixed or abbreviated for their stems to tell anything.
_SHORTEST_NAME = 4
# Spellings of a foreign name differ by a letter or two; a stem that begins alike is taken for the same.
_SAME_START = 4
_PREFIXES = regex.compile(r"^(?:[وف]?[بلك]?ال|[وف]?[بلك])(?=\p{L}{3})")


def evidence_sentences(written: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32]) -> list[int]:
    """Sentences of the article that support a written one, in document order, at least one.

    Args:
        written: Shape (D,), unit length.
        vectors: Shape (N, D), unit rows, N >= 1.
    """
    cosines = vectors @ written
    order = np.argsort(-cosines, kind="stable")[:_MOST_EVIDENCE]
    best = float(cosines[order[0]])
    return sorted(
        int(index)
        for rank, index in enumerate(order)
        if rank == 0 or (cosines[index] >= _ALSO_FROM and best - cosines[index] <= _ALSO_WITHIN)
    )


def stems_of(document: Document, title: str = "") -> frozenset[str]:
    """Stems of all words of the article and its title, with and without Arabic prefixes."""
    rules = lexicon(document.language)
    # A missing space after a stop joins two words; each of them counts.
    forms = (
        form
        for word in words_of(f"{title}\n{document.as_read(Span(0, len(document.text)))}")
        for form in (word.form, *word.form.split("."))
    )
    return frozenset(_variants(forms, rules))


def unsupported_names(
    written: str, language: str, known: frozenset[str], is_name: Callable[[str], bool]
) -> tuple[str, ...]:
    """Names of a written sentence whose stems are not in the article.

    Args:
        written: The sentence.
        language: `ar` or `en`.
        known: `stems_of` the article.
        is_name: Tells a name from a word where the script has no capitals.
    """
    rules = lexicon(language)
    found = []
    for at, word in enumerate(words_of(written)):
        surface = word.span.of(written)
        if len(word.form) < _SHORTEST_NAME or not rules.is_content(word.form) or not surface[0].isalpha():
            continue
        capital = surface[0].isupper() and (at > 0 or rules.rarity(rules.stem(word.form)) == 1.0)
        if not (is_name(surface) if language == "ar" else capital):
            continue
        variants = _variants([word.form], rules)
        if variants.isdisjoint(known) and not _begins_alike(variants, known):
            found.append(surface)
    return tuple(found)


def _variants(forms: Iterable[str], rules: Lexicon) -> set[str]:
    out = set()
    for form in forms:
        bare = _PREFIXES.sub("", form) if rules.language == "ar" else form
        out |= {form, bare, rules.stem(form), rules.stem(bare)}
    return out


def _begins_alike(variants: Iterable[str], known: frozenset[str]) -> bool:
    """Whether a stem in the article differs in its ending only."""
    return any(
        len(stem) > _SAME_START and len(other) > _SAME_START and stem[:-1] == other[: len(stem) - 1]
        for stem in variants
        for other in known
        if abs(len(stem) - len(other)) <= 1
    )
