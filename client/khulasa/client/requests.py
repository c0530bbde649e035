"""What a caller asks for, and the protobuf request made of it. Faults that only Python can have are found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from enum import IntEnum
from numbers import Integral, Real
from typing import Any, NoReturn, TypeVar

from khulasa.client.brief import brief_repr
from khulasa.client.errors import ErrorFacts, InvalidArticleError, InvalidRequestError, Violation
from khulasa.v1 import common_pb2, summary_pb2, translation_pb2

__all__ = [
    "Article",
    "DigitShape",
    "Glossary",
    "GlossaryLike",
    "GlossaryTerm",
    "Priority",
    "SummaryOptions",
    "TextFormat",
    "TranslationOptions",
    "article_of",
    "assess_request",
    "glossary_of",
    "options_of",
    "options_with",
    "summarize_request",
    "text_value",
    "translate_request",
]

_INT32_MAX = 2**31 - 1
# What is not above this is 0 in 32 bits, unset.
_LEAST_SHARE = 2.0**-150
# As in the proto.
MAX_REQUEST_ID_CHARS = 128


class TextFormat(IntEnum):
    """How a text is to be read."""

    PLAIN_TEXT = 1
    HTML = 2


class Priority(IntEnum):
    """How soon the answer is needed."""

    INTERACTIVE = 1
    BULK = 2


class DigitShape(IntEnum):
    """Which digits an Arabic translation uses."""

    WESTERN = 1
    ARABIC_INDIC = 2


@dataclass(frozen=True, slots=True)
class TranslationOptions:
    """How to decode. None is the server's default.

    Attributes:
        beam_size: Beams, 1 to 8; 1 is greedy search.
        num_hypotheses: Alternatives returned for each segment, 1 to 8 and at most `beam_size`.
        word_alignments: Return word links.
        deterministic: The same request gives the same answer whatever else the server does; costs throughput.
        priority: Place in the queue; None is interactive, in `summarize_many` bulk.
        digit_shape: Digits in Arabic output; None as the model writes them.
    """

    beam_size: int | None = None
    num_hypotheses: int | None = None
    word_alignments: bool = False
    deterministic: bool = False
    priority: Priority | None = None
    digit_shape: DigitShape | None = None


@dataclass(frozen=True, slots=True)
class SummaryOptions:
    """What the summary is to be. At most one of `max_sentences`, `max_words` and `ratio`; with none the server chooses.

    Attributes:
        target_language: BCP-47 primary subtag; empty for the other language of the only pair served.
        max_sentences: At most this many sentences, 1 to 100.
        max_words: At most this many words of the source language, 1 to 10,000.
        ratio: At most this share of the article's body words, (0, 1].
        focus: What the reader wants to know, at most 500 code points.
        full_translation: Translate every sentence of the article as well.
        max_key_terms: At most this many key terms, 0 to 50.
        translation: How to decode.
    """

    target_language: str = ""
    max_sentences: int | None = None
    max_words: int | None = None
    ratio: float | None = None
    focus: str = ""
    full_translation: bool = False
    max_key_terms: int = 0
    translation: TranslationOptions = field(default_factory=TranslationOptions)


@dataclass(frozen=True, slots=True)
class Article:
    """An article as it was scraped.

    Attributes:
        text: The article. All offsets of the answer count in exactly this string.
        article_id: The caller's name for it, at most 256 code points.
        title: The headline; empty: found in the text.
        language: BCP-47 primary subtag; empty: detected.
        format: How `text` is to be read.
        url: Where it was published; never fetched.
    """

    text: str
    article_id: str = ""
    title: str = ""
    language: str = ""
    format: TextFormat = TextFormat.PLAIN_TEXT
    url: str = ""

    def __repr__(self) -> str:
        return brief_repr(self)


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    """One required translation; with `target` equal to `source` a term that is not to be translated."""

    source: str
    target: str
    case_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Glossary:
    """Required translations, longest match first, at most 1,000."""

    terms: tuple[GlossaryTerm, ...] = ()

    @classmethod
    def of(cls, terms: GlossaryLike) -> Glossary:
        """From a mapping of source to target, from terms, or from a glossary."""
        if isinstance(terms, Glossary):
            return terms
        if isinstance(terms, Mapping):
            return cls(tuple(GlossaryTerm(source, target) for source, target in terms.items()))
        return cls(tuple(terms))


GlossaryLike = Glossary | Mapping[str, str] | Iterable[GlossaryTerm]
_Options = TypeVar("_Options", SummaryOptions, TranslationOptions)


def _refuse(field: str, description: str) -> NoReturn:
    cls = InvalidArticleError if field.split(".")[0] == "article" else InvalidRequestError
    violation = Violation(field, description)
    raise cls(str(violation), ErrorFacts(violations=(violation,)))


def text_value(value: object, field: str) -> str:
    """`value`, if it is a string that UTF-8 can carry.

    Raises:
        InvalidRequestError: it is not (InvalidArticleError for a field of the article).
    """
    if not isinstance(value, str):
        _refuse(field, f"must be str, is {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        # Not replaced in silence: offsets and quotations would be of another text.
        _refuse(field, f"holds a lone surrogate (U+{ord(value[error.start]):04X}) at {error.start}: not valid Unicode")
    return value


def _request_id(value: object) -> str:
    """A request id that metadata can carry: gRPC itself would fail on any other, and call it an internal error."""
    text = text_value(value, "request_id")
    if len(text) > MAX_REQUEST_ID_CHARS or not all(" " <= letter <= "~" for letter in text) or text != text.strip():
        _refuse("request_id", f"must be at most {MAX_REQUEST_ID_CHARS} printable ASCII characters")
    return text


def _count(value: object, field: str, least: int = 1) -> int:
    """A number for an int32 field. None is 0, unset; a given 0 must not turn into 'the server's default' in silence."""
    if value is None:
        return 0
    # Numpy's too: those of a table are no int.
    if isinstance(value, bool) or not isinstance(value, Integral):
        _refuse(field, f"must be int, is {type(value).__name__}")
    count = int(value)
    if not least <= count <= _INT32_MAX:
        _refuse(field, f"must be {least} or more, is {count}" if count < least else f"is too large: {count}")
    return count


def _flag(value: object, field: str) -> bool:
    """A truth value. Anything else is refused: of `"no"` Python would make True."""
    if not isinstance(value, bool):
        kind = type(value)
        name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
        _refuse(field, f"must be bool, is {name}")
    return value


def _share(value: object, field: str) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, Real):
        _refuse(field, f"must be float, is {type(value).__name__}")
    share: Any = value  # an int may be larger than any float
    if not _LEAST_SHARE < share <= 1:
        _refuse(field, f"must be in (0, 1], is {share}")
    return float(share)


def _check_items(items: object, field: str, said_of_str: str) -> None:
    """Whether items come one after the other, in an order: the answer's are told from each other by nothing else."""
    if isinstance(items, str | bytes):
        _refuse(field, said_of_str)
    if not isinstance(items, Iterable) or isinstance(items, Set | Mapping):
        _refuse(field, f"must be a list, is {type(items).__name__}")


def options_of(options: object, kind: type[_Options], field: str) -> _Options:
    """The options given, or the defaults where there are none.

    Raises:
        InvalidRequestError: they are of another kind.
    """
    if options is None and field == "options":
        return kind()
    if not isinstance(options, kind):
        _refuse(field, f"must be {kind.__name__}, is {type(options).__name__}")
    return options


def options_with(options: _Options, **given: Any) -> _Options:
    """`options` with the arguments that were given (are not None) in their place."""
    return replace(options, **{name: value for name, value in given.items() if value is not None})


def article_of(article: object) -> Article:
    """An Article from a str or Article.

    Raises:
        InvalidArticleError: it is neither.
    """
    if isinstance(article, Article):
        return article
    if isinstance(article, str):
        return Article(article)
    _refuse("article", f"must be str or Article, is {type(article).__name__}")


def glossary_of(glossary: GlossaryLike | None) -> common_pb2.Glossary | None:
    """The glossary as protobuf, None for none."""
    if glossary is None:
        return None
    made = common_pb2.Glossary()
    if isinstance(glossary, str | bytes) or not isinstance(glossary, Glossary | Iterable):
        _refuse("glossary", f"must be a mapping of source to target or GlossaryTerms, is {type(glossary).__name__}")
    for index, term in enumerate(Glossary.of(glossary).terms):
        if not isinstance(term, GlossaryTerm):
            _refuse(f"glossary.terms[{index}]", f"must be GlossaryTerm, is {type(term).__name__}")
        made.terms.add(
            source=text_value(term.source, f"glossary.terms[{index}].source"),
            target=text_value(term.target, f"glossary.terms[{index}].target"),
            case_sensitive=_flag(term.case_sensitive, f"glossary.terms[{index}].case_sensitive"),
        )
    return made


def _translation_options(options: TranslationOptions, path: str) -> common_pb2.TranslationOptions:
    made = common_pb2.TranslationOptions(
        beam_size=_count(options.beam_size, f"{path}.beam_size"),
        num_hypotheses=_count(options.num_hypotheses, f"{path}.num_hypotheses"),
        word_alignments=_flag(options.word_alignments, f"{path}.word_alignments"),
        deterministic=_flag(options.deterministic, f"{path}.deterministic"),
    )
    made.priority = _enum_value(options.priority, f"{path}.priority", Priority)  # type: ignore[assignment]
    made.digit_shape = _enum_value(options.digit_shape, f"{path}.digit_shape", DigitShape)  # type: ignore[assignment]
    return made


def _enum_value(value: object, field: str, enum: type[IntEnum]) -> int:
    """A number for an enum field. Whether the enum has it is the server's to say, which may know more of them."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(field, f"must be {enum.__name__}, is {type(value).__name__}")
    if not -_INT32_MAX - 1 <= value <= _INT32_MAX:
        _refuse(field, f"must be {enum.__name__}, is {value}")
    return int(value)


def summarize_request(
    article: Article, options: SummaryOptions, glossary: GlossaryLike | None, request_id: str
) -> summary_pb2.SummarizeRequest:
    """The protobuf request.

    Raises:
        InvalidRequestError: a field cannot be sent; see its violations.
    """
    made = summary_pb2.SummarizeRequest(
        article=summary_pb2.Article(
            article_id=text_value(article.article_id, "article.article_id"),
            title=text_value(article.title, "article.title"),
            text=text_value(article.text, "article.text"),
            language_code=text_value(article.language, "article.language_code"),
            url=text_value(article.url, "article.url"),
        ),
        options=summary_pb2.SummaryOptions(
            target_language_code=text_value(options.target_language, "options.target_language_code"),
            max_sentences=_count(options.max_sentences, "options.max_sentences"),
            max_words=_count(options.max_words, "options.max_words"),
            ratio=_share(options.ratio, "options.ratio"),
            focus=text_value(options.focus, "options.focus"),
            full_translation=_flag(options.full_translation, "options.full_translation"),
            max_key_terms=_count(options.max_key_terms, "options.max_key_terms", least=0),
            translation=_translation_options(options.translation, "options.translation"),
        ),
        glossary=glossary_of(glossary),
        request_id=_request_id(request_id),
    )
    made.article.format = _enum_value(article.format, "article.format", TextFormat)  # type: ignore[assignment]
    return made


def translate_request(
    texts: Sequence[str],
    source_language: str,
    target_language: str,
    text_format: TextFormat,
    options: TranslationOptions,
    glossary: GlossaryLike | None,
    request_id: str,
) -> translation_pb2.TranslateRequest:
    """The protobuf request.

    Raises:
        InvalidRequestError: a field cannot be sent; see its violations.
    """
    _check_items(texts, "texts", "must be a list of str, is one; write [text]")
    made = translation_pb2.TranslateRequest(
        texts=[text_value(text, f"texts[{index}]") for index, text in enumerate(texts)],
        source_language_code=text_value(source_language, "source_language_code"),
        target_language_code=text_value(target_language, "target_language_code"),
        options=_translation_options(options, "options"),
        glossary=glossary_of(glossary),
        request_id=_request_id(request_id),
    )
    made.format = _enum_value(text_format, "format", TextFormat)  # type: ignore[assignment]
    return made


def assess_request(
    pairs: Iterable[tuple[str, str]],
    source_language: str,
    target_language: str,
    glossary: GlossaryLike | None,
    word_alignments: bool,
    request_id: str,
) -> translation_pb2.AssessRequest:
    """The protobuf request.

    Raises:
        InvalidRequestError: a field cannot be sent; see its violations.
    """
    made = translation_pb2.AssessRequest(
        source_language_code=text_value(source_language, "source_language_code"),
        target_language_code=text_value(target_language, "target_language_code"),
        glossary=glossary_of(glossary),
        word_alignments=_flag(word_alignments, "word_alignments"),
        request_id=_request_id(request_id),
    )
    _check_items(pairs, "pairs", "must be a list of (source, target), is a str")
    for index, pair in enumerate(pairs):
        # two letters of a str would be taken for a pair
        if isinstance(pair, str | bytes) or not isinstance(pair, Sequence) or len(pair) != 2:
            _refuse(f"pairs[{index}]", "must be (source, target)")
        source, target = pair
        made.pairs.add(
            source_text=text_value(source, f"pairs[{index}].source_text"),
            target_text=text_value(target, f"pairs[{index}].target_text"),
        )
    return made
