"""How often the package's output holds required terms, and what a glossary does to text without them.

    python benchmarks/faithfulness/glossary_honoured.py [--package NAME] [--lines 284]

200 terms (`glossary_terms.tsv`, a hundred pairs of our own, both ways), each in two sentences of our own; in Arabic
with the prefixes that the frame asks for, in English in the case that it asks for. All terms are given with every
sentence. Honoured: every occurrence in the source has its target, by `CompiledGlossary.missed`. Then the lines of
news-dev with and without the glossary: those that hold no term must come out the same, byte for byte.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import sacrebleu
from khulasa.server.config import Settings
from khulasa.server.core.translation.glossary.terms import compile_glossary
from khulasa.server.core.translation.types import DecodingOptions, Glossary, GlossaryTerm, LanguagePair, RequestContext
from khulasa.server.observability import Observability
from khulasa.server.runtime import load_core

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "evaluation"))
from sets import shared_sets

TERMS = Path(__file__).with_name("glossary_terms.tsv")
FRAMES = {
    # A frame and the prefix that its term takes.
    "ar": [
        ("قال مسؤول أمس إن {} سيكون موضوع الاجتماع المقبل.", ""),
        ("ناقش الوفد الملف الاقتصادي {} خلال الزيارة.", "و"),
        ("اهتمت الصحف صباح اليوم {} أكثر من غيره.", "ب"),
        ("خصصت الحكومة جلسة كاملة {} بعد طلب من النواب.", "ل"),
        ("تحدث الخبراء عن {} في تقرير جديد.", ""),
        ("جاء ذلك في مقال عن الاقتصاد {} نشر أمس.", "و"),
    ],
    "en": [
        ("Officials said on Monday that {} would be on the agenda.", str),
        ("{} was the main topic of the talks.", lambda term: term[:1].upper() + term[1:]),
        ("The report describes {} and its role in the region.", str),
        ("Experts had warned about {} before the summer.", str),
    ],
}


def with_prefix(prefix: str, term: str) -> str:
    """The term as it is written after a prefix: ل and ال become لل."""
    return f"لل{term[2:]}" if prefix == "ل" and term.startswith("ال") else prefix + term


def sentences(pairs: list[tuple[str, str]], language: str) -> list[str]:
    """Two sentences for each term."""
    made = []
    for number, (arabic, english) in enumerate(pairs):
        frames = FRAMES[language]
        for frame, form in (frames[number % len(frames)], frames[(number * 2 + 1) % len(frames)]):
            made.append(frame.format(with_prefix(form, arabic) if isinstance(form, str) else form(english)))
    return made


async def measure(package: str, lines: int) -> None:
    """Both directions."""
    pairs = [tuple(line.split("\t")) for line in TERMS.read_text("utf-8").splitlines()]
    settings = Settings(models=(package,) if package else (), cache_bytes=0, queue_tokens=10**7)
    core = await load_core(settings, Observability())
    translator = core.serving.translator
    news = {one.pair: one.first(lines) for one in shared_sets() if one.name == "news-dev"}
    for pair in (LanguagePair("ar", "en"), LanguagePair("en", "ar")):
        terms = Glossary(tuple(GlossaryTerm(*(p if pair.source == "ar" else p[::-1])) for p in pairs))
        compiled = compile_glossary(terms, pair)
        name = f"{pair.source}-{pair.target}"

        async def translated(texts: list[str], glossary: Glossary, pair: LanguagePair = pair) -> list[str]:
            done = await translator.translate_segments(texts, pair, DecodingOptions(), glossary, RequestContext())
            return [one.target_text for one in done]

        texts = sentences(pairs, pair.source)
        for label, glossary in (("without", Glossary()), ("with", terms)):
            outputs = await translated(texts, glossary)
            wanted = missed = 0
            for text, output in zip(texts, outputs, strict=True):
                protected = compiled.protect(text)
                wanted += len(protected.matches)
                missed += len(compiled.missed(protected, output))
            print(
                f"{name} {label} glossary: {wanted - missed} of {wanted} honoured, {1 - missed / wanted:.1%}",
                flush=True,
            )
        found = sum(bool(compiled.protect(text).matches) for text in texts)
        print(f"{name}: the term is found in {found} of {len(texts)} sentences")
        if pair not in news:
            continue
        one = news[pair]
        plain, termed = await translated(one.sources, Glossary()), await translated(one.sources, terms)
        free = [n for n, source in enumerate(one.sources) if not compiled.protect(source).matches]
        same = sum(plain[n] == termed[n] for n in free)

        def chrf(output: list[str], references: list[str] = one.references) -> float:
            return sacrebleu.corpus_chrf(output, [references]).score

        print(f"{name} news-dev: {same} of {len(free)} lines without a term are the same")
        print(
            f"{name} news-dev, all {len(plain)} lines: chrF {chrf(plain):.2f} without, {chrf(termed):.2f} with",
            flush=True,
        )
    await core.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--package", default="")
    parser.add_argument("--lines", type=int, default=284)
    options = parser.parse_args()
    asyncio.run(measure(options.package, options.lines))


if __name__ == "__main__":
    main()
