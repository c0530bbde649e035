"""What each command does."""

from __future__ import annotations

import argparse
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from khulasa.client.command import inputs, plain
from khulasa.client.command.arguments import ArgumentError, tls_of, token_of
from khulasa.client.command.exits import BAD_INPUT, OK, advice, code_for, is_final
from khulasa.client.command.pages import PageFolder, page_of, spare_articles, write_page
from khulasa.client.command.progress import ProgressBar
from khulasa.client.connection import is_loopback
from khulasa.client.errors import InvalidRequestError, KhulasaError
from khulasa.client.requests import Article, Glossary, SummaryOptions, TextFormat, TranslationOptions
from khulasa.client.results import Summary, Translation
from khulasa.client.sync_client import Client

__all__ = ["run"]

_HTML_KEY_TERMS = 12


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Carry out a command line; the exit code.

    Raises:
        ArgumentError: the command line is wrong after all.
    """
    token = token_of(given)
    if token and not (tls_of(given) or given.insecure_token or is_loopback(given.server)):
        raise ArgumentError(
            "a token sent without TLS can be read on the way: add --tls, or --insecure-token where something else"
            " protects the connection"
        )
    try:
        client = Client(
            given.server,
            tls=tls_of(given),
            token=token,
            timeout=given.timeout,
            user_agent="khulasa-command",
            allow_insecure_token=given.insecure_token,
        )
    except (ValueError, OSError) as error:
        raise ArgumentError(str(error)) from error
    with client:
        session = _Session(given, client, out, err)
        if given.command == "summarize":
            return session.summarize()
        if given.command == "translate":
            return session.translate()
        return session.models()


@dataclass(frozen=True, slots=True)
class _Read:
    """A text that was read, or why it was not."""

    name: str
    text: str = ""
    error: inputs.UnreadableError | None = None


@dataclass(slots=True)
class _Session:
    """One run of the command."""

    given: argparse.Namespace
    client: Client
    out: TextIO
    err: TextIO
    # Articles that are read and not yet shown, in order; texts are kept only where a page needs them.
    read: deque[_Read] = field(default_factory=deque)
    folder: PageFolder | None = None
    code: int = OK

    @property
    def style(self) -> plain.Style:
        """How lines for people look: colours and direction marks are for terminals, not for files."""
        terminal = self.out.isatty()
        return plain.Style(colour=terminal and self.given.colour, isolates=terminal)

    def say(self, text: str) -> None:
        """A line of the result."""
        self.out.write(text + "\n")

    def say_name(self, name: str, *, several: bool) -> None:
        """The heading of one of several results for people."""
        if several:
            self.say(self.style.bold(f"=== {plain.visible(name)} ==="))

    def say_json(self, value: dict[str, Any]) -> None:
        """A line of the result for programs."""
        self.say(json.dumps(value, ensure_ascii=False))

    def failed(self, name: str, message: str, code: int = BAD_INPUT, hint: str = "") -> None:
        """Tell of a failure and remember it: the server's outweighs a bad article."""
        shown = plain.visible(f"{name + ': ' if name else ''}{message}")
        self.err.write(f"khulasa: {shown}\n" + (f"  {hint}\n" if hint else ""))
        self.code = code if self.code in (OK, BAD_INPUT) else self.code

    def failed_call(self, name: str, error: KhulasaError) -> None:
        """Tell of a call that failed, and what may help."""
        self.failed(
            name, str(error), code_for(error, getattr(self.given, "source", "")), advice(error, self.given.server)
        )

    def no_result(self, name: str, error: KhulasaError | inputs.UnreadableError) -> None:
        """Tell of a text that has no result; of JSON lines it has one all the same, so that none is missed."""
        if isinstance(error, KhulasaError):
            self.failed_call(name, error)
            details = error.details
        else:
            self.failed(name, str(error))
            # With the keys that a refusal of the server's has.
            details = InvalidRequestError(str(error)).details
        if self.given.json:
            self.say_json({"file": name, "error": details})
        if self.folder is not None:
            self.folder.leave_out(name, str(error))

    def wrote(self, path: Path) -> None:
        """Tell where a page is."""
        self.err.write(f"khulasa: wrote {plain.visible(inputs.shown(str(path)))}\n")

    def unwritten(self, error: OSError) -> None:
        """Tell of pages that cannot be written."""
        self.failed(inputs.shown(str(self.given.html)), f"cannot be written: {error.strerror or error}")

    def previews(self) -> frozenset[str]:
        """Names of preview models; empty when the server will not say, which is no reason to lose a result."""
        try:
            return frozenset(model.name for model in self.client.models() if model.preview)
        except KhulasaError as error:
            self.err.write(f"khulasa: the models could not be asked for: {error}\n")
            return frozenset()

    def glossary(self) -> Glossary | None:
        """The glossary file that was named, None where there is none."""
        return inputs.read_glossary(self.given.glossary) if self.given.glossary else None

    def text_format(self) -> TextFormat:
        """How the texts are to be read."""
        return TextFormat.HTML if self.given.input_format == "html" else TextFormat.PLAIN_TEXT

    def models(self) -> int:
        """Show the server's models; the exit code."""
        try:
            models = self.client.models()
        except KhulasaError as error:
            self.failed_call("", error)
            return self.code
        if self.given.json:
            for model in models:
                self.say_json(model.to_dict())
        else:
            for line in plain.model_lines(models, self.style):
                self.say(line)
        return OK

    def texts(self) -> Iterator[_Read]:
        """Each text that is given, read when its turn comes."""
        if self.given.text:
            yield from (_Read(f"text {number}", text) for number, text in enumerate(self.given.text, 1))
        else:
            yield from map(self.read_one, inputs.sources_of(self.given.files))

    def read_one(self, source: inputs.Source) -> _Read:
        """A text, or why there is none."""
        try:
            text = inputs.read_text(source, html=self.text_format() is TextFormat.HTML)
        except inputs.UnreadableError as error:
            return _Read(source.name, error=error)
        return _Read(source.name, text)

    def translate(self) -> int:
        """Translate texts, one after the other; the exit code."""
        given = self.given
        options = TranslationOptions(deterministic=given.deterministic)
        glossary = self.glossary()
        for one in self.texts():
            if one.error is not None:
                self.no_result(one.name, one.error)
                continue
            try:
                (translation,) = self.client.translate(
                    [one.text],
                    target_language=given.target,
                    source_language=given.source,
                    format=self.text_format(),
                    options=options,
                    glossary=glossary,
                )
            except KhulasaError as error:
                self.no_result(one.name, error)
                if is_final(error, given.source):
                    break
            else:
                self.show_translation(one.name, translation, several=len(given.text or given.files) > 1)
        return self.code

    def show_translation(self, name: str, translation: Translation, *, several: bool) -> None:
        """Write one translation in the form that was asked for; the places of `--pairs` are of one of `several`."""
        if self.given.json:
            self.say_json({"file": name, **translation.to_dict()})
            return
        if self.given.pairs:
            self.say_name(name, several=several)
            for line in plain.segment_lines(translation.segments, self.style):
                self.say(line)
            return
        self.out.write(translation.text + ("" if translation.text.endswith("\n") else "\n"))
        flagged = sum(bool(segment.flags) for segment in translation.segments)
        if flagged:
            self.err.write(
                f"khulasa: {plain.visible(name)}: {flagged} of {len(translation.segments)} segments are flagged; "
                "see them with --pairs\n"
            )

    def articles(self, sources: list[inputs.Source]) -> Iterator[Article]:
        """Read as they are needed; a file that cannot be read is left out, and told of when its turn comes."""
        for one in map(self.read_one, sources):
            self.read.append(one if self.given.html else replace(one, text=""))
            if one.error is None:
                # The server's limit for ids; a longer path keeps its end, which tells files apart.
                article_id = one.name[-256:]
                yield Article(one.text, article_id=article_id, language=self.given.source, format=self.text_format())

    def tell_unreadable(self, bar: ProgressBar) -> None:
        """Tell of the files that could not be read and stand before the next article."""
        while self.read and self.read[0].error is not None:
            bar.clear()
            self.no_result(self.read[0].name, self.read[0].error)
            bar.advance(failed=True)
            self.read.popleft()

    def summary_options(self) -> SummaryOptions:
        """What the summaries are to be; a page shows key terms and word links unless it is told otherwise."""
        given = self.given
        key_terms = (_HTML_KEY_TERMS if given.html else 0) if given.key_terms is None else given.key_terms
        return SummaryOptions(
            target_language=given.target,
            max_sentences=given.max_sentences,
            max_words=given.max_words,
            ratio=given.ratio,
            focus=given.focus,
            full_translation=given.full,
            max_key_terms=key_terms,
            translation=TranslationOptions(deterministic=given.deterministic, word_alignments=bool(given.html)),
        )

    def summarize(self) -> int:
        """Summarise articles, each shown as soon as it is its turn; the exit code."""
        given = self.given
        sources = inputs.sources_of(given.files)
        options = self.summary_options()
        if given.html and not given.html_out:
            spare_articles(given.html, [source.path for source in sources if source.path is not None])
        self.folder = PageFolder(given.html) if given.html_folder else None
        bar = ProgressBar(len(sources), self.err, escapes=given.escapes)
        previews: frozenset[str] | None = None
        try:
            many = self.client.summarize_many(
                self.articles(sources), concurrency=given.concurrency, options=options, glossary=self.glossary()
            )
        except InvalidRequestError as error:
            raise ArgumentError(str(error)) from error
        bar.draw()
        try:
            for outcome in many:
                self.tell_unreadable(bar)
                bar.clear()
                sent = self.read.popleft()
                if outcome.error is not None:
                    self.no_result(sent.name, outcome.error)
                    if is_final(outcome.error, given.source):
                        break
                else:
                    summary = outcome.result()
                    if previews is None and not given.json:
                        previews = self.previews()
                    several = len(sources) > 1
                    if not self.show(sent.name, sent.text, summary, previews or frozenset(), several=several):
                        break
                bar.advance(failed=outcome.error is not None)
            else:
                self.tell_unreadable(bar)
        finally:
            many.close()
            bar.clear()
        # An index of nothing would stand in place of the one that an earlier run wrote.
        if self.folder is not None and self.folder.has_pages:
            for source in sources[len(self.folder) :]:
                self.folder.leave_out(source.name, "the command stopped before it")
            try:
                self.wrote(self.folder.finish())
            except OSError as error:
                self.unwritten(error)
        return self.code

    def show(
        self,
        name: str,
        text: str,
        summary: Summary,
        previews: frozenset[str],
        *,
        several: bool,
    ) -> bool:
        """Write one summary in the form that was asked for. False: no page can be written, and the next could not.

        Args:
            text: The article, empty unless a page is written.
            several: Whether others come before or after it.
        """
        given = self.given
        if given.json:
            self.say_json({"file": name, **summary.to_dict()})
        elif given.markdown:
            self.out.write((f"# {plain.escaped(name)}\n\n" if several else "") + plain.markdown(summary, previews))
        elif given.html_out:
            self.out.write(page_of(name, text, summary, previews, given.source))
        elif given.html:
            try:
                if self.folder is not None:
                    self.folder.add(name, text, summary, previews, given.source)
                else:
                    page = page_of(inputs.shown(given.html.stem), text, summary, previews, given.source)
                    write_page(given.html, page)
                    self.wrote(given.html)
            except OSError as error:
                self.unwritten(error)
                return False
        else:
            self.say_name(name, several=several)
            for line in plain.summary_lines(summary, self.style, previews):
                self.say(line)
            if several:
                self.say("")
        self.out.flush()
        return True
