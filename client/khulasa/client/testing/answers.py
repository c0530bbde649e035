"""Answers made from the text that was sent: plausible in form, true in their offsets, invented in their content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from khulasa.v1 import common_pb2, model_pb2, summary_pb2, translation_pb2

__all__ = [
    "PAIRS",
    "Translate",
    "assessed",
    "bracketed",
    "language_of",
    "models",
    "no_room",
    "streamed",
    "summarized",
    "translated",
]

Translate = Callable[[str, str], str]
PAIRS = (("ar", "en"), ("en", "ar"))
_SENTENCE = re.compile(r"[^\s.!?؟][^.!?؟\n\r]*[.!?؟]*")
_WORD = re.compile(r"\w+")
# As on the server: digits, signs or a letter alone are no running text.
_LETTERS = re.compile(r"[^\W\d_]{2}")
_REVISION = "0" * 64
_MAP = "1" * 64
_DEFAULT_SENTENCES = 3
_TERM_CHARS = 4


def bracketed(text: str, target_language: str) -> str:
    """The default 'translation': `[en] ` before the source, so that figures and names stay as they are."""
    return f"[{target_language}] {text}"


def language_of(text: str) -> str:
    """`ar` when most letters are Arabic, else `en`."""
    letters = [letter for letter in text if letter.isalpha()]
    return "ar" if sum("\u0600" <= letter <= "\u06ff" for letter in letters) * 2 > len(letters) else "en"


def _detected(text: str) -> str:
    """As on the server: a text without a word has no language."""
    return language_of(text) if _LETTERS.search(text) else ""


def _span(start: int, end: int) -> common_pb2.Span:
    return common_pb2.Span(start=start, end=end)


def _model(kind: common_pb2.ModelKind.ValueType, name: str) -> common_pb2.ModelInfo:
    used = _MAP if kind == common_pb2.MODEL_KIND_TRANSLATION else ""
    return common_pb2.ModelInfo(name=name, version="0", revision=_REVISION, kind=kind, vocabulary_map_revision=used)


def _timings() -> common_pb2.Timings:
    return common_pb2.Timings(translate_ms=1.0, total_ms=1.0)


def models(preview: bool) -> list[common_pb2.ModelInfo]:
    """The models that the fake claims to run."""
    translation = _model(common_pb2.MODEL_KIND_TRANSLATION, "fake-translation")
    translation.description = "Invents translations for tests"
    translation.licence = "Apache-2.0"
    translation.preview = preview
    for source, target in PAIRS:
        translation.language_pairs.add(source_language_code=source, target_language_code=target)
    translation.limits.CopyFrom(
        common_pb2.ModelLimits(max_input_tokens=256, max_article_chars=500_000, max_texts=1_024)
    )
    summary = _model(common_pb2.MODEL_KIND_SUMMARIZATION, "fake-summary")
    summary.language_codes.extend(["ar", "en"])
    return [translation, summary]


def list_models(preview: bool) -> model_pb2.ListModelsResponse:
    """The answer to ListModels."""
    return model_pb2.ListModelsResponse(models=models(preview))


def _links(source: str, target: str) -> Iterator[common_pb2.WordAlignment]:
    """Equal words of both sides, in order: with the default translation each word and its copy."""
    place = 0
    for word in _WORD.finditer(source):
        found = re.compile(rf"\b{re.escape(word[0])}\b").search(target, place)
        if found:
            place = found.end()
            yield common_pb2.WordAlignment(source_span=_span(*word.span()), target_span=_span(*found.span()))


def _parts(text: str) -> list[summary_pb2.DocumentPart]:
    """A first line without a full stop is the title, the rest is body; together they tile the text."""
    first = re.match(r"\s*([^\n\r]*)(?:\r\n|\r|\n)\s*(?=\S)", text)
    if first and first[1].strip() and not re.search(r"[.!?؟]\s*$", first[1]):
        cut = first.end()
        return [
            summary_pb2.DocumentPart(kind=summary_pb2.PART_KIND_TITLE, span=_span(0, cut)),
            summary_pb2.DocumentPart(kind=summary_pb2.PART_KIND_BODY, span=_span(cut, len(text))),
        ]
    return [summary_pb2.DocumentPart(kind=summary_pb2.PART_KIND_BODY, span=_span(0, len(text)))]


def _sentences(text: str, start: int) -> list[tuple[int, int]]:
    found = []
    for match in _SENTENCE.finditer(text, start):
        found.append((match.start(), match.start() + len(match[0].rstrip())))
    return found


def _running(text: str, body: int) -> list[tuple[int, int]]:
    return [(start, end) for start, end in _sentences(text, body) if _LETTERS.search(text, start, end)]


def _words(text: str, sentences: list[tuple[int, int]]) -> list[int]:
    return [len(_WORD.findall(text[start:end])) for start, end in sentences]


def _room(words: list[int], options: summary_pb2.SummaryOptions) -> int:
    """How many words `max_words` or `ratio` allows."""
    # A ratio comes in 32 bits, which make of 0.7 a hair less.
    return options.max_words or int(options.ratio * sum(words) * (1 + 1e-7))


def no_room(request: summary_pb2.SummarizeRequest) -> tuple[str, str]:
    """The bound that leaves no room for any sentence, as (field path, description)."""
    text, options = request.article.text, request.options
    words = _words(text, _running(text, _parts(text)[-1].span.start))
    room = _room(words, options)
    allowed = "1 word" if room == 1 else f"{room} words"
    said = f"allows {allowed}, but the shortest sentence of the article has {min(words)}: allow that many"
    return "options.max_words" if options.max_words else "options.ratio", said


def _chosen(text: str, sentences: list[tuple[int, int]], options: summary_pb2.SummaryOptions) -> list[int]:
    """The first sentences that the bound allows."""
    words = _words(text, sentences)
    if options.max_sentences:
        return list(range(min(options.max_sentences, len(sentences))))
    if not (options.max_words or options.ratio):
        return list(range(min(_DEFAULT_SENTENCES, len(sentences))))
    room = _room(words, options)
    taken: list[int] = []
    for index, count in enumerate(words):
        if count <= room:
            taken.append(index)
            room -= count
    return taken


def summarized(
    request: summary_pb2.SummarizeRequest, target_language: str, translate: Translate
) -> summary_pb2.SummarizeResponse:
    """The answer to Summarize."""
    article, options = request.article, request.options
    text = article.text
    parts = _parts(text)
    body = parts[-1].span.start
    sentences = _running(text, body)
    made = summary_pb2.BilingualSummary(article_id=article.article_id, parts=parts)
    title = article.title or (text[: parts[0].span.end].strip() if len(parts) > 1 else "")
    if title:
        made.title.CopyFrom(summary_pb2.AlignedText(source_text=title, target_text=translate(title, target_language)))

    def pair(index: int) -> summary_pb2.AlignedSentence:
        start, end = sentences[index]
        source = text[start:end]
        target = translate(source, target_language)
        return summary_pb2.AlignedSentence(
            source_text=source,
            target_text=target,
            source_span=_span(start, end),
            paragraph_index=len(re.findall(r"[\n\r]+", text[:start])),
            sentence_index=index,
            salience=1 / (index + 1),
            score=-0.5,
            similarity=0.9,
            word_alignments=_links(source, target) if options.translation.word_alignments else (),
            origin=common_pb2.TRANSLATION_ORIGIN_MODEL,
        )

    chosen = _chosen(text, sentences, options)
    made.sentences.extend(pair(index) for index in chosen)
    if options.full_translation:
        made.full_translation.extend(pair(index) for index in range(len(sentences)))
    written = [made.title.target_text, *(one.target_text for one in made.full_translation or made.sentences)]
    for term in _key_terms(text, body, options.max_key_terms):
        wanted = (translate(term.source_text, target_language), term.source_text)
        term.target_text = next((one for one in wanted if any(one in target for target in written)), "")
        made.key_terms.append(term)
    made.statistics.CopyFrom(
        summary_pb2.ArticleStatistics(
            chars=len(text),
            words=len(_WORD.findall(text, body)),
            sentences=len(sentences),
            paragraphs=sum(bool(line.strip()) for line in text.splitlines()),
            summary_words=sum(len(_WORD.findall(text[slice(*sentences[index])])) for index in chosen),
        )
    )
    return summary_pb2.SummarizeResponse(
        summary=made,
        detected_language_code="" if article.language_code else _detected(text),
        translation_model=_model(common_pb2.MODEL_KIND_TRANSLATION, "fake-translation"),
        summary_model=_model(common_pb2.MODEL_KIND_SUMMARIZATION, "fake-summary"),
        timings=_timings(),
    )


def _key_terms(text: str, body: int, count: int) -> Iterator[summary_pb2.KeyTerm]:
    """The most frequent longer words."""
    words = [word for word in _WORD.finditer(text, body) if len(word[0]) >= _TERM_CHARS]
    ranked = Counter(word[0] for word in words).most_common(count)
    for rank, (term, _) in enumerate(ranked):
        spans = [_span(*word.span()) for word in words if word[0] == term]
        yield summary_pb2.KeyTerm(source_text=term, salience=1 / (rank + 1), source_spans=spans)


def _segments(
    text: str, target_language: str, translate: Translate, options: common_pb2.TranslationOptions
) -> Iterator[translation_pb2.SegmentTranslation]:
    written, copied = 0, 0
    for start, end in _sentences(text, 0):
        source = text[start:end]
        target = translate(source, target_language)
        written += start - copied
        yield translation_pb2.SegmentTranslation(
            source_span=_span(start, end),
            target_span=_span(written, written + len(target)),
            source_text=source,
            target_text=target,
            score=-0.5,
            similarity=0.9,
            word_alignments=_links(source, target) if options.word_alignments else (),
            hypotheses=[
                translation_pb2.Hypothesis(target_text=f"{target} ({rank})" if rank else target, score=-0.5 - rank)
                for rank in range(options.num_hypotheses)
            ],
            origin=common_pb2.TRANSLATION_ORIGIN_MODEL,
        )
        written, copied = written + len(target), end


def translated(
    request: translation_pb2.TranslateRequest, target_language: str, translate: Translate
) -> translation_pb2.TranslateResponse:
    """The answer to Translate: what stands between sentences is copied, as the server does."""
    answer = translation_pb2.TranslateResponse(
        detected_language_code="" if request.source_language_code else _detected(" ".join(request.texts)),
        model=_model(common_pb2.MODEL_KIND_TRANSLATION, "fake-translation"),
        timings=_timings(),
    )
    for text in request.texts:
        segments = list(_segments(text, target_language, translate, request.options))
        made, place = "", 0
        for segment in segments:
            made += text[place : segment.source_span.start] + segment.target_text
            place = segment.source_span.end
        answer.translations.add(text=made + text[place:], segments=segments)
    return answer


def streamed(
    request: translation_pb2.TranslateRequest, target_language: str, translate: Translate
) -> Iterable[translation_pb2.TranslateStreamResponse]:
    """The messages of TranslateStream: what stands between segments is not sent, so targets count without it."""
    messages = []
    for text_index, text in enumerate(request.texts):
        sent = 0
        for segment_index, segment in enumerate(_segments(text, target_language, translate, request.options)):
            segment.target_span.CopyFrom(_span(sent, sent + len(segment.target_text)))
            sent = segment.target_span.end
            messages.append(
                translation_pb2.TranslateStreamResponse(
                    text_index=text_index, segment_index=segment_index, segment=segment
                )
            )
    if messages:
        messages[-1].last = True
    return messages


def assessed(request: translation_pb2.AssessRequest) -> translation_pb2.AssessResponse:
    """The answer to Assess: only emptiness is found."""
    answer = translation_pb2.AssessResponse(
        model=_model(common_pb2.MODEL_KIND_TRANSLATION, "fake-translation"), timings=_timings()
    )
    for pair in request.pairs:
        flags = [] if pair.target_text.strip() else [common_pb2.QUALITY_FLAG_EMPTY]
        links = _links(pair.source_text, pair.target_text) if request.word_alignments else ()
        answer.assessments.add(score=-0.5, similarity=0.9, flags=flags, word_alignments=links)
    return answer
