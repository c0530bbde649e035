"""TMX, the exchange format of translation memories (TMX 1.4b, LISA/GALA): read as a stream, written as one.

Reading is safe with files from outside: entities and attributes that the file declares are refused (they can multiply
without end), nothing else is opened, a tag has a bound, and what cannot be represented is an error, never left out in
silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, TextIO
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import regex
from khulasa.server.core.translation.memory.file import MemoryPair
from khulasa.server.core.translation.memory.text import MOST_TEXT_CHARS, text_fault
from khulasa.server.core.translation.types import LanguagePair

__all__ = ["ImportReport", "TmxError", "read_tmx", "write_tmx"]

_CHUNK_BYTES = 64 * 1024
# Of a tag or a comment. The parser looks at one from its beginning again with each chunk, until its end is there.
_MOST_TAG_BYTES = 2**20
_ANY_LANGUAGE = "*all*"
# Every language with every other is as many pairs as the square of these.
_MOST_LANGUAGES = 100
_MOST_AUTHOR_CHARS = 1_000
# Native codes and notes inside a segment: formatting, no text. What `hi` marks is text.
_CODES = frozenset(["bpt", "ept", "ph", "it", "ut", "sub"])
_BREAKS = regex.compile(r"(?<!\s)[^\S\r\n\t]*+[\r\n\t]\s*+")
_LANGUAGE = regex.compile(r"[a-z]{2,3}")


class TmxError(ValueError):
    """The file is no TMX that can be read safely; the message names the line."""


@dataclass(slots=True)
class ImportReport:
    """What reading found.

    Attributes:
        units: Translation units read.
        left_out: Reasons for what gave no pair, and how often.
    """

    units: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Unit:
    source: str = ""
    author: str = ""
    changed: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    variants: int = 0


@dataclass(slots=True)
class _Reader:
    """Handlers of one parser; `done` holds complete units until they are taken."""

    parser: expat.XMLParserType
    source: str = ""
    unit: _Unit | None = None
    language: str = ""
    text: list[str] | None = None
    codes: int = 0
    length: int = 0
    seen_root: bool = False
    done: list[_Unit] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.seen_root:
            if name != "tmx":
                raise self.error(f"the root element is <{name}>, not <tmx>")
            self.seen_root = True
        if name == "header":
            self.source = attributes.get("srclang", "")
        elif name == "tu":
            if self.unit is not None:
                raise self.error("a <tu> stands inside another")
            author = attributes.get("changeid") or attributes.get("creationid", "")
            changed = attributes.get("changedate") or attributes.get("creationdate", "")
            self.unit = _Unit(attributes.get("srclang") or self.source, author, changed)
        elif name == "tuv":
            if self.unit is None or self.language:
                raise self.error("a <tuv> stands outside a <tu>, or inside another <tuv>")
            self.language = _primary(attributes.get("xml:lang") or attributes.get("lang", ""))
            if not self.language:
                raise self.error("a <tuv> names no language")
        elif name == "seg":
            if self.unit is None or not self.language or self.text is not None:
                raise self.error("a <seg> stands outside a <tuv>, or inside another <seg>")
            self.text, self.codes, self.length = [], 0, 0
            if len(self.unit.texts) >= _MOST_LANGUAGES:
                raise self.error(f"a <tu> has more than {_MOST_LANGUAGES} languages")
        elif name in _CODES:
            self.codes += 1

    def end(self, name: str) -> None:
        if name in _CODES:
            self.codes -= 1
        elif name == "seg" and self.unit is not None and self.text is not None:
            if self.language in self.unit.texts:
                self.unit.variants += 1
            else:
                self.unit.texts[self.language] = _BREAKS.sub(" ", "".join(self.text)).strip()
            self.text = None
        elif name == "tuv":
            self.language = ""
        elif name == "tu" and self.unit is not None:
            self.done.append(self.unit)
            self.unit = None

    def characters(self, text: str) -> None:
        # One piece more than fits is kept, so that the length is seen and memory stays small.
        if self.text is not None and not self.codes and self.length <= MOST_TEXT_CHARS:
            self.text.append(text)
            self.length += len(text)

    def entity(self, name: str, *_: object) -> None:
        raise self.error(f"the file declares the entity {name}, which is refused: entities can multiply without end")

    def attribute(self, element: str, name: str, *_: object) -> None:
        raise self.error(
            f"the file declares the attribute {name} of <{element}>, which is refused: it can multiply without end"
        )

    def skipped(self, name: str, _is_parameter: object) -> None:
        raise self.error(f"the entity {name} is declared nowhere in the file")

    def error(self, message: str) -> TmxError:
        return TmxError(f"line {self.parser.CurrentLineNumber}: {message}")


def read_tmx(file: BinaryIO, report: ImportReport, *, both_directions: bool = False) -> Iterator[MemoryPair]:
    """The pairs of a TMX file, as they come.

    A unit gives one pair for each language beside its source language; with the source language `*all*`, or with
    `both_directions`, one for each ordered pair of its languages.

    Args:
        file: The file, in any encoding that its first line names.
        report: Filled in while reading.
        both_directions: Take a translation as approved the other way round as well.

    Raises:
        TmxError: it is not well-formed, no TMX, declares entities or attributes, names an encoding that cannot be read,
            has a unit in more than 100 languages, a tag or comment of more than 1 MiB, or a unit, text or segment where
            none belongs.
    """
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    reader = _Reader(parser)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.characters
    parser.EntityDeclHandler, parser.AttlistDeclHandler = reader.entity, reader.attribute
    parser.SkippedEntityHandler = reader.skipped
    taken = 0
    while True:
        chunk = file.read(_CHUNK_BYTES)
        taken += len(chunk)
        try:
            parser.Parse(chunk, not chunk)
            if taken - parser.CurrentByteIndex > _MOST_TAG_BYTES:
                raise reader.error(f"a tag or a comment has more than {_MOST_TAG_BYTES:,} bytes")
        except expat.ExpatError as error:
            raise TmxError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from error
        except TmxError:
            raise
        except (LookupError, ValueError) as error:
            # Of the codec, which is asked for by the name that the first line gives.
            raise TmxError("line 1: the encoding that it names cannot be read; save the file as UTF-8") from error
        for unit in reader.done:
            report.units += 1
            yield from _pairs_of(unit, report, both_directions)
        reader.done.clear()
        if not chunk:
            return


def _pairs_of(unit: _Unit, report: ImportReport, both_directions: bool) -> Iterator[MemoryPair]:
    left_out = report.left_out
    left_out.update({"a second text in one language": unit.variants} if unit.variants else {})
    source = _primary(unit.source)
    if len(unit.author) > _MOST_AUTHOR_CHARS:
        left_out[f"author's name of more than {_MOST_AUTHOR_CHARS:,} code points"] += 1
        return
    everywhere = both_directions or unit.source.lower() in ("", _ANY_LANGUAGE)
    if len(unit.texts) < 2:
        left_out["a unit with one language"] += 1
        return
    if not everywhere and source not in unit.texts:
        left_out["a unit without a text in its source language"] += 1
        return
    changed = _date(unit.changed)
    faults = {language: text_fault(text) for language, text in unit.texts.items()}
    for one in unit.texts if everywhere else (source,):
        for other in unit.texts:
            if other == one:
                continue
            fault = faults[one] or faults[other]
            if fault:
                left_out[fault] += 1
                continue
            yield MemoryPair(LanguagePair(one, other), unit.texts[one], unit.texts[other], unit.author, changed)


def _primary(tag: str) -> str:
    """Primary subtag of a language tag, empty when it is none."""
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    return primary if _LANGUAGE.fullmatch(primary) else ""


def _date(written: str) -> datetime | None:
    try:
        return datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def write_tmx(file: TextIO, pairs: Iterable[MemoryPair], version: str) -> int:
    """Writes the pairs, one unit each with its own source language; gives their number.

    Args:
        file: Open for text in UTF-8.
        pairs: The pairs.
        version: Of this program, for the header.
    """
    file.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n<tmx version="1.4">\n'
        f'<header creationtool="khulasa-server" creationtoolversion={quoteattr(version)} segtype="sentence"'
        ' o-tmf="khulasa" adminlang="en" srclang="*all*" datatype="plaintext"/>\n<body>\n'
    )
    count = 0
    for pair in pairs:
        attributes = f" srclang={quoteattr(pair.pair.source)}"
        if pair.changed_at is not None:
            attributes += f' changedate="{pair.changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"'
        if pair.author:
            attributes += f" changeid={quoteattr(pair.author)}"
        file.write(f"<tu{attributes}>")
        for language, text in ((pair.pair.source, pair.source_text), (pair.pair.target, pair.target_text)):
            file.write(f"<tuv xml:lang={quoteattr(language)}><seg>{_written(text)}</seg></tuv>")
        file.write("</tu>\n")
        count += 1
    file.write("</body>\n</tmx>\n")
    return count


def _written(text: str) -> str:
    return escape(text, {"\r": "&#13;"})
