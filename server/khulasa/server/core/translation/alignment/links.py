"""Word links between a text and its translation.

Two sources of evidence, either of which suffices:

- `align_words` needs no model: a unit lexicon (`alignment.lexicon`), spelling across scripts, numbers, punctuation,
  and a hidden Markov model of order (Vogel, Ney and Tillmann 1996, "HMM-Based Word Alignment in Statistical
  Translation"), run in both directions and combined (Liang, Taskar and Klein 2006, "Alignment by Agreement").
- the decoder's attention over a forced or free decoding, gathered from pieces to words, which multiplies the lexicon's
  weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.cues import cue_matrix
from khulasa.server.core.translation.alignment.lexicon import UnitLexicon, load_lexicon
from khulasa.server.core.translation.alignment.units import Unit, units_of, words_of
from khulasa.server.core.translation.types import LanguagePair, WordLink

__all__ = ["align_words", "attention_to_words", "link_spans", "word_links"]

Weights = npt.NDArray[np.float64]

# Set on the 60 development pairs with benchmarks/faithfulness/alignment_error.py; within 0.01 of them nearby.
_THRESHOLD = 0.5
_FLOOR = 1e-4
_STAY, _NULL = 0.06, 0.05
# After so many units the chain is scaled to 1: far from the least of numbers, each step takes at most some 1e-10 off.
_SCALED = 8
# Attention multiplies what the lexicon says: 0.168 and 0.173 on those pairs with the bundled model, much the same from
# 20 to 80. Added to it with a weight of 0.3, it did harm: 0.253, against 0.193 without a model.
_ATTENTION_GAIN = 30.0
# So that a pair that the lexicon does not know can win by attention alone.
_ATTENTION_FLOOR = 3e-4
# Longer texts, far beyond a sentence, get no links: the chain is cubic in the units.
_MOST_UNITS = 250


def attention_to_words(
    source_words: Sequence[Span],
    target_words: Sequence[Span],
    source_pieces: Sequence[Span],
    target_pieces: Sequence[Span],
    attention: npt.NDArray[np.floating],
) -> Weights:
    """Attention between pieces gathered to words.

    Args:
        source_words: S spans in the source text.
        target_words: T spans in the target text.
        source_pieces: P spans in the source text, without special tokens; an empty span belongs to no word.
        target_pieces: Q spans in the target text, without special tokens.
        attention: At least Q rows and P columns, row q for target piece q; further rows and columns (the end of
            sentence) are ignored.

    Returns:
        T x S, rows summing to 1 or to 0: the share of each target word's attention on each source word.
    """
    used = np.asarray(attention, dtype=np.float64)[: len(target_pieces), : len(source_pieces)]
    to_source = _membership(source_pieces, source_words)
    to_target = _membership(target_pieces, target_words)
    gathered = to_target[: used.shape[0]].T @ used @ to_source[: used.shape[1]]
    total = gathered.sum(axis=1, keepdims=True)
    shares: Weights = np.divide(gathered, total, out=np.zeros_like(gathered), where=total > 0)
    return shares


def _membership(pieces: Sequence[Span], words: Sequence[Span]) -> Weights:
    """Pieces x words: the share of each piece's characters in each word."""
    if not pieces or not words:
        return np.zeros((len(pieces), len(words)))
    piece = np.array(pieces, dtype=np.float64).reshape(-1, 2)
    word = np.array(words, dtype=np.float64).reshape(-1, 2)
    overlap = np.minimum(piece[:, 1:], word[:, 1]) - np.maximum(piece[:, :1], word[:, 0])
    overlap = np.maximum(overlap, 0.0)
    total = overlap.sum(axis=1, keepdims=True)
    shares: Weights = np.divide(overlap, total, out=np.zeros_like(overlap), where=total > 0)
    return shares


def word_links(
    source: str,
    target: str,
    source_pieces: Sequence[Span],
    target_pieces: Sequence[Span],
    attention: npt.NDArray[np.floating],
    *,
    pair: LanguagePair | None = None,
) -> tuple[WordLink, ...]:
    """Links from attention, and from the lexicon when the pair is Arabic and English.

    Args:
        source: The segment.
        target: Its translation.
        source_pieces: Places of the pieces in `source`, special tokens left out.
        target_pieces: Places of the pieces in `target`, special tokens left out.
        attention: Target pieces x source pieces; see `attention_to_words`.
        pair: The direction, where known.
    """
    source_words, target_words = words_of(source), words_of(target)
    if not source_words or not target_words:
        return ()
    gathered = attention_to_words(source_words, target_words, source_pieces, target_pieces, attention)
    if pair is not None and {pair.source, pair.target} == {"ar", "en"}:
        return align_words(source, target, pair, attention=gathered)
    # Attention alone: mutual best, or most of a word's attention.
    links = []
    best_source, best_target = gathered.argmax(axis=1), gathered.argmax(axis=0)
    for t, s in np.argwhere(gathered > 0.2).tolist():
        if (best_source[t] == s and best_target[s] == t) or gathered[t, s] > 0.5:
            links.append(WordLink(source_words[s], target_words[t]))
    return tuple(sorted(links, key=lambda link: (link.source_span, link.target_span)))


def align_words(
    source: str,
    target: str,
    pair: LanguagePair,
    *,
    attention: Weights | None = None,
    lexicon: UnitLexicon | None = None,
    threshold: float = _THRESHOLD,
) -> tuple[WordLink, ...]:
    """Word links of a given pair, sorted by source, then target.

    Args:
        source: A segment.
        target: Its translation, whoever made it.
        pair: Arabic to English or English to Arabic; other pairs give no link.
        attention: Target words x source words, from `attention_to_words`, if a model was asked.
        lexicon: The lexicon beside this module when None.
        threshold: Least mean posterior of a link, 0 to 1; lower finds more and errs more.
    """
    source_words, target_words = words_of(source), words_of(target)
    if {pair.source, pair.target} != {"ar", "en"} or not source_words or not target_words:
        return ()
    lexicon = lexicon or load_lexicon()
    arabic_first = pair.source == "ar"
    arabic, english = (source, target) if arabic_first else (target, source)
    arabic_words, english_words = (source_words, target_words) if arabic_first else (target_words, source_words)
    share = None if attention is None else (attention.T if arabic_first else attention)
    links = link_spans(arabic, english, arabic_words, english_words, lexicon, share, threshold=threshold)
    made = [
        WordLink(arabic_words[a], english_words[e]) if arabic_first else WordLink(english_words[e], arabic_words[a])
        for a, e in links
    ]
    return tuple(sorted(made, key=lambda link: (link.source_span, link.target_span)))


def link_spans(
    arabic: str,
    english: str,
    arabic_words: Sequence[Span],
    english_words: Sequence[Span],
    lexicon: UnitLexicon,
    share: Weights | None = None,
    *,
    threshold: float = _THRESHOLD,
) -> list[tuple[int, int]]:
    """Pairs (Arabic word, English word) that are linked.

    Args:
        arabic: The Arabic text.
        english: The English text.
        arabic_words: Its A words.
        english_words: Its E words.
        lexicon: Unit probabilities.
        share: A x E weights from a model's attention, or None.
        threshold: Least mean of the two directions' posteriors, 0 to 1.
    """
    arabic_units = units_of(arabic, arabic_words, "ar", lexicon.frequency)
    english_units = units_of(english, english_words, "en", lexicon.frequency)
    if max(len(arabic_units), len(english_units)) > _MOST_UNITS:
        return []
    forward, backward = _emissions(arabic_units, english_units, lexicon)
    if share is not None:
        rows = [unit.word for unit in arabic_units]
        columns = [unit.word for unit in english_units]
        spread = share[np.ix_(rows, columns)]
        gain = 1.0 + _ATTENTION_GAIN * spread
        forward = (forward + _ATTENTION_FLOOR) * gain - _ATTENTION_FLOOR
        backward = (backward + _ATTENTION_FLOOR) * gain - _ATTENTION_FLOOR
    # English generated by Arabic and the reverse; both as Arabic x English.
    one = _posteriors(forward)
    two = _posteriors(backward.T).T
    agreed = (one + two) / 2
    linked = agreed >= threshold
    return sorted({(arabic_units[a].word, english_units[e].word) for a, e in np.argwhere(linked).tolist()})


def _emissions(arabic: Sequence[Unit], english: Sequence[Unit], lexicon: UnitLexicon) -> tuple[Weights, Weights]:
    """p(en | ar) and p(ar | en), both Arabic units x English units, cues outside the lexicon added."""
    arabic_ids = [lexicon.arabic.get(unit.text, 1) for unit in arabic]
    english_ids = [lexicon.english.get(unit.text, 1) for unit in english]
    # Each unit once, however often the texts say it.
    arabic_rows = {i: row for row, i in enumerate(dict.fromkeys(arabic_ids))}
    english_columns = {i: column for column, i in enumerate(dict.fromkeys(english_ids))}
    there, back = lexicon.english_given_arabic, lexicon.arabic_given_english
    found = [
        (row, english_columns[english_id], there[arabic_id, english_id], back[arabic_id, english_id])
        for arabic_id, row in arabic_rows.items()
        for english_id in lexicon.translations.get(arabic_id, ())
        if english_id in english_columns
    ]
    both = np.zeros((2, len(arabic_rows), len(english_columns)))
    if found:
        rows, columns, *directions = zip(*found, strict=True)
        both[:, rows, columns] = directions
    cells = np.ix_([arabic_rows[i] for i in arabic_ids], [english_columns[i] for i in english_ids])
    forward, backward = (one[cells] + _FLOOR for one in both)
    known_arabic = np.array([i > 1 for i in arabic_ids])
    known_english = np.array([i > 1 for i in english_ids])
    cues = cue_matrix([u.text for u in arabic], [u.text for u in english], known_arabic, known_english)
    return np.maximum(forward, cues), np.maximum(backward, cues)


def _posteriors(emission: Weights) -> Weights:
    """Posterior that a column's unit comes from a row's unit, by forward-backward over the columns.

    Args:
        emission: I x J, p(unit j | unit i).

    Returns:
        I x J; a column sums to 1 less what its null word takes.
    """
    size, length = emission.shape
    places = np.arange(size)
    # Jump widths: steps of 0 and 1 are the commonest; the tail is heavy because clauses move.
    jump = places[None, :] - places[:, None] - 1 * size / max(length, 1)
    step = 1.0 / (1.0 + np.abs(jump)) ** 2 + _STAY / size
    step /= step.sum(axis=1, keepdims=True)
    null = _NULL * (_NULL * 1e-2)
    columns = (1 - _NULL) * np.ascontiguousarray(emission.T)
    # The null state remembers its position, so that the next jump is measured from the last real word.
    alpha = np.zeros((length, 2, size))
    beta = np.ones((length, size))  # Of either state.
    start = np.exp(-places / max(size / 4, 1.0)) + 0.05
    start /= start.sum()
    stay = before = start
    for j in range(length):
        real, empty = alpha[j]
        np.multiply(before, columns[j], out=real)
        np.multiply(stay, null, out=empty)
        if j % _SCALED == 0:
            alpha[j] /= np.add.reduce(alpha[j], axis=None)
        stay = real + empty
        before = stay.dot(step)
    for j in range(length - 2, -1, -1):
        after, here = beta[j + 1], beta[j]
        np.dot(step, columns[j + 1] * after, out=here)
        here += null * after
        if j % _SCALED == 0:
            here /= np.add.reduce(here)
    gamma = alpha * beta[:, None, :]
    gamma /= gamma.sum(axis=(1, 2), keepdims=True)
    posterior: Weights = gamma[:, 0, :].T
    return posterior
