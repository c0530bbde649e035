"""Which tokens tell a model the languages: read off its vocabulary, since every family spells them in its own way.

OPUS-MT     >>ara<< before the source, in models with several target languages
NLLB-200    arb_Arab before the source's pieces, </s> after them; the target begins with eng_Latn
M2M-100     __ar__ before, </s> after; the target begins with __en__
mBART       </s> ar_AR after the source's pieces, mBART-50 as NLLB; the target begins with en_XX
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from khulasa.server.models.convert.drafts import Draft, Pair, TokenFamily, Wishes
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Direction

__all__ = ["END", "directions_of", "family_of", "language_tokens", "token_for"]

END = "</s>"
# ISO 639-3 codes in use for each language; the first that a vocabulary holds is taken.
_LONG_CODES = {"ar": ("ara", "arb"), "en": ("eng",)}
_PATTERNS = {
    "opus": re.compile(r">>[A-Za-z_]+<<"),
    "nllb": re.compile(r"[a-z]{3}_[A-Z][a-z]{3}"),
    "m2m": re.compile(r"__[a-z]{2,3}__"),
    "mbart": re.compile(r"[a-z]{2}_[A-Z]{2}"),
}
# Of these families every language has a token; a few look-alikes among the pieces make none.
_FEWEST_TOKENS = {"opus": 1, "nllb": 100, "m2m": 8, "mbart": 25}


def family_of(vocabulary: Iterable[str]) -> TokenFamily:
    """The way that `vocabulary` spells languages, NONE when it has no language tokens."""
    counts = dict.fromkeys(_PATTERNS, 0)
    for token in vocabulary:
        for name, pattern in _PATTERNS.items():
            if pattern.fullmatch(token):
                counts[name] += 1
    found = [name for name, count in counts.items() if count >= _FEWEST_TOKENS[name]]
    return TokenFamily(max(found, key=lambda name: counts[name])) if found else TokenFamily.NONE


def language_tokens(vocabulary: Iterable[str], family: TokenFamily) -> tuple[str, ...]:
    """All language tokens of a vocabulary, in its order."""
    if family is TokenFamily.NONE:
        return ()
    return tuple(token for token in vocabulary if _PATTERNS[family.value].fullmatch(token))


def token_for(language: str, family: TokenFamily, vocabulary: Collection[str]) -> str:
    """The token of a language.

    Args:
        language: BCP-47 primary subtag, or ISO 639-3.

    Raises:
        PackageError: the vocabulary has none for it, or several and no way to choose.
    """
    long = (*_LONG_CODES.get(language, ()), language)
    if family is TokenFamily.M2M:
        candidates = [f"__{language}__"]
    elif family is TokenFamily.OPUS:
        candidates = [f">>{code}<<" for code in long]
    else:
        prefixes = long if family is TokenFamily.NLLB else (language,)
        tokens = language_tokens(vocabulary, family)
        candidates = []
        for prefix in prefixes:
            of_language = [token for token in tokens if token.startswith(f"{prefix}_")]
            if len(of_language) > 1 and prefix != "arb":
                raise PackageError(f"{language} is written in several ways here: {', '.join(of_language)}")
            # Modern Standard Arabic also stands in Latin letters in some vocabularies.
            candidates += sorted(of_language, key=lambda token: not token.endswith("_Arab"))
    for candidate in candidates:
        if candidate in vocabulary:
            return candidate
    known = ", ".join(language_tokens(vocabulary, family)[:20]) or "none"
    raise PackageError(f"the model has no token for the language {language!r}; it has {known}")


def directions_of(
    draft: Draft, wishes: Wishes, vocabulary: Collection[str], engine_tokens: Collection[str]
) -> tuple[Direction, ...]:
    """The directions of a package with the special tokens of each.

    Args:
        vocabulary: Of the source side; that of the target side spells languages in the same way.
        engine_tokens: What CTranslate2 adds to a source itself.

    Raises:
        PackageError: the model has no token for a language, or a token that was asked for is not in its vocabulary.
    """
    return tuple(_direction(pair, draft, wishes, vocabulary, engine_tokens) for pair in draft.pairs)


def _direction(
    pair: Pair, draft: Draft, wishes: Wishes, vocabulary: Collection[str], engine_tokens: Collection[str]
) -> Direction:
    family = draft.family
    end = (END,) if draft.expects_end and END not in engine_tokens else ()
    prefix: tuple[str, ...] = ()
    suffix = end
    start: tuple[str, ...] = (draft.target_prefix,) if draft.target_prefix else ()
    if family is TokenFamily.OPUS and wishes.source_prefix is None:
        prefix = (token_for(pair.target, family, vocabulary),)
    elif family not in (TokenFamily.OPUS, TokenFamily.NONE):
        own = (token_for(pair.source, family, vocabulary),)
        prefix, suffix = ((), (*end, *own)) if draft.legacy_codes else (own, end)
        start = (token_for(pair.target, family, vocabulary),)
    asked = {
        "source_prefix": _filled(wishes.source_prefix, pair, prefix),
        "source_suffix": _filled(wishes.source_suffix, pair, suffix),
        "target_prefix": _filled(wishes.target_prefix, pair, start),
    }
    for what, tokens in asked.items():
        for token in tokens:
            if token not in vocabulary:
                raise PackageError(f"{what}: {token!r} is not in the model's vocabulary")
    return Direction(source=pair.source, target=pair.target, **asked)


def _filled(template: str | None, pair: Pair, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    if template is None:
        return otherwise
    return tuple(template.replace("{source}", pair.source).replace("{target}", pair.target).split())
