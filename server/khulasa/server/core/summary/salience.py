"""How much of an article's point each sentence carries: a few features, weighed, as a probability.

The features, all computed within the document:

- `lead`, `early`: position, as 1 / (1 + i) and as the share of the article's words that stand before, both multiplied
  by the *trust* in the opening (below);
- `echo`: cosine with the first sentence, standardised, multiplied by the trust too;
- `central`: cosine with the weighted mean vector of all other sentences (centroid centrality, Radev et al. 2004);
- `lexical`: stems shared with the other sentences, by log frequency;
- `topics`: how many of the five stems that stand in most sentences it has;
- `repeated`: share of its content words that occur in another sentence;
- `title`: similarity with the title, by vectors and stems;
- `section`: it is the first sentence under a heading;
- `length`: log of the words, up to 60;
- `leaning`: it cannot stand alone (`dependence.py`);
- `question`, `listing`: it ends in a question mark, or in a colon.

What the opening loses in trust, the features of content gain: their weights grow with the doubt.

Trust. News puts its point first, a feature opens with a scene, a report with its background. The opening is believed
as far as the rest of the article takes it up: the best centrality and title similarity of its first sentences against
those of the other sentences. An opening that nothing comes back to gets little credit for standing first.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
from khulasa.server.core.summary.dependence import Lean, leanings
from khulasa.server.core.summary.lexicon import Lexicon, lexicon, words_of
from khulasa.server.core.text.types import Document

__all__ = ["FEATURES", "features", "salience", "stems_of_sentences", "trust_in_opening", "weighted"]

Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

FEATURES = (
    "lead",
    "early",
    "echo",
    "central",
    "lexical",
    "topics",
    "repeated",
    "title",
    "section",
    "length",
    "leaning",
    "question",
    "listing",
)

# Sentences that are the opening of an article.
_OPENING_SENTENCES = 2
# Rank of the opening at which it is believed by half, and how sharply belief falls there.
_TRUST_AT, _TRUST_SLOPE = 0.22, 18.0
# Words beyond which length says no more.
_LONG_WORDS = 60
_TOPIC_STEMS = 5
# What everything else weighs beside a focus.
_BESIDE_FOCUS = 0.15
# What content weighs where the opening is fully believed, against 1 more where it is not at all.
_DOUBT_FLOOR = 0.15


def salience(
    document: Document,
    vectors: Vectors,
    *,
    title_vector: Vectors | None = None,
    focus_vector: Vectors | None = None,
    focus: str = "",
) -> Floats:
    """Salience of each sentence.

    Args:
        document: Read article with N sentences.
        vectors: Shape (N, D), unit rows, row i for sentence i.
        title_vector: Shape (D,), of the headline.
        focus_vector: Shape (D,), of what the reader wants to know; it then outweighs everything else.
        focus: The same as text: its words weigh too where they stand in the article.

    Returns:
        Shape (N,), in [0, 1], comparable within the document only.
    """
    if not document.sentences:
        return np.zeros(0)
    weights = _weights()
    score = weighted(features(document, vectors, title_vector), weights)
    if focus_vector is not None:
        score = _BESIDE_FOCUS * score + weights["focus"] * _standard(vectors @ focus_vector)
        score = score + weights["focus_words"] * _focus_words(document, focus)
    out: Floats = 1.0 / (1.0 + np.exp(-score))
    return out


def weighted(table: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Log odds of each sentence, shape (N,), from its features."""
    score: Floats = np.full(len(table["lead"]), weights["bias"])
    for name in FEATURES:
        score = score + weights[name] * table[name]
    return score


def features(document: Document, vectors: Vectors, title_vector: Vectors | None = None) -> dict[str, Floats]:
    """The features of each sentence by name, each of shape (N,)."""
    rules = lexicon(document.language)
    stems = stems_of_sentences(document, rules)
    lengths = np.array([max(1, len(words)) for words, _ in stems], dtype=np.float64)
    content = [found for _, found in stems]
    n = len(stems)
    central = _centrality(vectors, lengths)
    frequency = Counter(stem for sentence in content for stem in sentence)
    spread = Counter(stem for sentence in content for stem in dict.fromkeys(sentence))
    lexical = np.array([_lexical(sentence, frequency) for sentence in content])
    repeated = np.array([sum(spread[s] > 1 for s in set(c)) / max(1, len(set(c))) for c in content])
    title = _title_similarity(document, rules, vectors, content, title_vector)
    trust = trust_in_opening(central, title)
    doubt = _DOUBT_FLOOR + 1.0 - trust
    topics = {stem for stem, _ in spread.most_common(_TOPIC_STEMS)}
    before = np.concatenate([[0.0], np.cumsum(lengths)[:-1]]) / lengths.sum()
    position = np.arange(n, dtype=np.float64)
    ends = [document.as_read(sentence.span).rstrip("»”\"') ")[-1:] for sentence in document.sentences]
    lean = leanings(document)
    return {
        "lead": trust / (1.0 + position),
        "early": -trust * before,
        "echo": trust * _standard(vectors @ vectors[0]),
        "central": doubt * _standard(central),
        "lexical": doubt * _standard(lexical),
        "topics": doubt * _standard(np.array([len(topics.intersection(c)) for c in content])),
        "repeated": repeated,
        "title": doubt * title,
        "section": np.array(_opens_section(document)),
        "length": np.log(np.clip(lengths, 3, _LONG_WORDS) / 20.0),
        "leaning": np.array([0.0 if kind is Lean.NONE else 1.0 for kind in lean]),
        "question": np.array([float(end in ("?", "؟")) for end in ends]),
        "listing": np.array([float(end == ":") for end in ends]),
    }


def stems_of_sentences(document: Document, rules: Lexicon) -> list[tuple[list[str], list[str]]]:
    """Of each sentence all folded words and the stems of its content words."""
    out = []
    for sentence in document.sentences:
        forms = [word.form for word in words_of(document.as_read(sentence.span))]
        out.append((forms, [rules.stem(form) for form in forms if rules.is_content(form)]))
    return out


def trust_in_opening(central: Floats, title: Floats) -> float:
    """How far the article takes up its opening, in [0, 1]; 1 for an article of a few sentences."""
    n = len(central)
    if n <= _OPENING_SENTENCES + 2:
        return 1.0
    both = _standard(central) + 2.0 * title
    opening, rest = both[:_OPENING_SENTENCES].max(), both[_OPENING_SENTENCES:]
    # Share of the other sentences that the better sentence of the opening stands above, from a low floor.
    rank = float((rest < opening).mean())
    return 1.0 / (1.0 + math.exp(-(rank - _TRUST_AT) * _TRUST_SLOPE))


def _opens_section(document: Document) -> list[float]:
    """1 for each sentence that is the first one under a heading."""
    sections = [sentence.section_index for sentence in document.sentences]
    return [float(at > 0 and section != sections[at - 1]) for at, section in enumerate(sections)]


def _centrality(vectors: Vectors, lengths: Floats) -> Floats:
    """Cosine of each sentence with the mean of the others, weighted by words."""
    weighted = vectors.astype(np.float64) * lengths[:, None]
    others = weighted.sum(axis=0)[None, :] - weighted
    norms = np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    out: Floats = np.einsum("ij,ij->i", vectors.astype(np.float64), others) / norms
    return out


def _lexical(sentence: Sequence[str], frequency: Mapping[str, int]) -> float:
    distinct = dict.fromkeys(sentence)
    if not distinct:
        return 0.0
    own = Counter(sentence)
    return sum(math.log1p(frequency[stem] - own[stem]) for stem in distinct) / math.sqrt(len(distinct))


def _title_similarity(
    document: Document, rules: Lexicon, vectors: Vectors, content: Sequence[Sequence[str]], title_vector: Vectors | None
) -> Floats:
    """Mean of the cosine with the title and the share of the title's stems, each in [0, 1]; 0 without a title."""
    n = len(content)
    cosine = np.clip(vectors @ title_vector, 0.0, 1.0).astype(np.float64) if title_vector is not None else None
    overlap = None
    if document.title is not None:
        words = words_of(document.as_read(document.title))
        wanted = {rules.stem(word.form) for word in words if rules.is_content(word.form)}
        if wanted:
            overlap = np.array([len(wanted.intersection(sentence)) / len(wanted) for sentence in content])
    given = [part for part in (cosine, overlap) if part is not None]
    return np.mean(given, axis=0) if given else np.zeros(n)


def _focus_words(document: Document, focus: str) -> Floats:
    """Share of the focus's stems that each sentence has, in [0, 1]; those weigh most that stand in few sentences."""
    rules = lexicon(document.language)
    wanted = {rules.stem(word.form) for word in words_of(focus) if rules.is_content(word.form)}
    found = [wanted.intersection(content) for _, content in stems_of_sentences(document, rules)]
    spread = Counter(stem for stems in found for stem in stems)
    worth = {stem: math.log((1 + len(found)) / count) for stem, count in spread.items()}
    whole = sum(worth.values())
    return np.array([sum(worth[stem] for stem in stems) / whole if whole else 0.0 for stems in found])


def _standard(values: npt.NDArray[Any]) -> Floats:
    """Mean 0 and deviation 1, clipped to 3 deviations; zeros where all are equal."""
    values = values.astype(np.float64)
    deviation = values.std()
    if deviation < 1e-9:
        return np.zeros(len(values))
    out: Floats = np.clip((values - values.mean()) / deviation, -3.0, 3.0)
    return out


@cache
def _weights() -> dict[str, float]:
    text = resources.files("khulasa.server.core.summary").joinpath("weights.json").read_text("utf-8")
    weights: dict[str, float] = json.loads(text)["weights"]
    return weights
