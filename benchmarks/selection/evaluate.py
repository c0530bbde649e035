"""What the selection is worth: ROUGE beside the lead, points that come late, score by position, time.

    python benchmarks/selection/evaluate.py EASC.jsonl [--plot docs/score-by-position.svg]

Every system has the same bound: the mean length of an article's references in words, never exceeded. The lead takes
sentences in order as long as they fit. The rows `protocol` have the looser bound of the reference script beside the set
(see ceiling.py): its own lead takes a first sentence of any length, and 8% more than the bound.

`late` puts three sentences of another article before each article, as a scene or a background would stand there: the
lead then takes them all.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path

import numpy as np
from khulasa.server.core.errors import InvalidInputError
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.summary.selection import select_sentences
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.text.types import Document
from khulasa.server.core.text.words import count_words

sys.path.insert(0, str(Path(__file__).parent))
from ceiling import ENOUGH, SLACK, lead
from rouge import mean_length, rouge, tokens

FOREIGN_SENTENCES = 3


def texts_of(document: Document) -> list[str]:
    """The sentences of a document."""
    return [sentence.span.of(document.text) for sentence in document.sentences]


def in_order(texts: list[str], order: list[int], budget: int) -> list[int]:
    """The first sentences of an order that fit, each tried once."""
    chosen, used = [], 0
    for index in order:
        words = count_words(texts[index])
        if used + words <= budget:
            chosen.append(index)
            used += words
    return sorted(chosen) or [min(range(len(texts)), key=lambda i: len(texts[i]))]


def ours(document: Document, encoder: SentenceEncoder, budget: int) -> tuple[list[int], float]:
    """What select_sentences takes, and its milliseconds without the encoder."""
    vectors = encoder.encode(texts_of(document))
    began = time.perf_counter()
    try:
        chosen = [s.sentence_index for s in select_sentences(document, vectors, SummaryBounds(max_words=budget))]
    except InvalidInputError:
        # Not even the shortest sentence fits: a caller is told so; here it is taken all the same, as for the lead.
        chosen = [min(range(len(document.sentences)), key=lambda i: len(texts_of(document)[i]))]
    return chosen, 1000 * (time.perf_counter() - began)


def bars(positions: dict[str, np.ndarray]) -> str:
    """A bar chart of shares by position as SVG."""
    colours = {"references": "#7a8793", "ours": "#0b6e99", "lead": "#c9a227"}
    width, height, step = 640, 260, 58
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">',
        "<title>Share of the words of a summary by the place of its sentence in the article, in tenths</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    top = max(float(values.max()) for values in positions.values())
    for at, (name, values) in enumerate(positions.items()):
        out.append(f'<rect x="{400 + 80 * at}" y="8" width="10" height="10" fill="{colours[name]}"/>')
        out.append(f'<text x="{414 + 80 * at}" y="17">{name}</text>')
        for tenth, value in enumerate(values):
            tall = 190 * float(value) / top
            x = 40 + tenth * step + at * 16
            out.append(f'<rect x="{x}" y="{225 - tall:.1f}" width="14" height="{tall:.1f}" fill="{colours[name]}"/>')
    out += [f'<text x="{56 + tenth * step}" y="242">{tenth + 1}</text>' for tenth in range(10)]
    out.append('<text x="230" y="257">tenth of the article</text></svg>')
    return "\n".join(out) + "\n"


def main() -> None:
    """Print the table and write the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.set.read_text(encoding="utf-8").splitlines()]
    encoder = SentenceEncoder(2)
    draw = random.Random(1)
    scores: dict[str, list[tuple[float, float, float]]] = {}
    positions = {name: np.zeros(10) for name in ("references", "ours", "lead")}
    milliseconds = []
    foreign = {"ours": 0, "lead": 0}
    for at, row in enumerate(rows):
        document = parse_document(row["article"], "ar")
        texts, references = texts_of(document), row["summaries"]
        budget = round(mean_length(references))
        order = list(range(len(texts)))
        chosen, spent = ours(document, encoder, budget)
        milliseconds.append(spent)
        systems = {
            "random": in_order(texts, draw.sample(order, len(order)), budget),
            "lead": in_order(texts, order, budget),
            "ours": chosen,
            "protocol, lead": lead(
                [len(tokens(text)) for text in texts],
                mean_length(references),
                slack=SLACK,
                enough=ENOUGH,
                always_first=True,
            ),
            "protocol, ours": ours(document, encoder, int(SLACK * mean_length(references)))[0],
        }
        for name, indices in systems.items():
            scores.setdefault(name, []).append(rouge(" ".join(texts[i] for i in indices), references))
            if name in positions:
                for index in indices:
                    positions[name][10 * index // len(texts)] += count_words(texts[index])
        for index, text in enumerate(texts):
            share = sum(text[:40] in reference for reference in references) / len(references)
            positions["references"][10 * index // len(texts)] += share * count_words(text)

        other = parse_document(rows[(at + 37) % len(rows)]["article"], "ar")
        prefix = texts_of(other)[:FOREIGN_SENTENCES]
        late = parse_document(" ".join(prefix) + "\n" + row["article"], "ar")
        late_texts = texts_of(late)
        strangers = len(late_texts) - len(texts)
        late_chosen, _ = ours(late, encoder, budget)
        late_lead = in_order(late_texts, list(range(len(late_texts))), budget)
        foreign["ours"] += sum(i < strangers for i in late_chosen) > 0
        foreign["lead"] += sum(i < strangers for i in late_lead) > 0
        for name, indices in (("late, ours", late_chosen), ("late, lead", late_lead)):
            scores.setdefault(name, []).append(rouge(" ".join(late_texts[i] for i in indices), references))
    print("| system | ROUGE-1 | ROUGE-2 | ROUGE-L |\n|---|---|---|---|")
    for name, values in scores.items():
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in np.mean(values, axis=0)) + " |")
    difference = np.mean(scores["ours"], axis=1) - np.mean(scores["lead"], axis=1)
    error = difference.std(ddof=1) / np.sqrt(len(rows))
    print(f"\nours - lead, mean of the three: {difference.mean():.2f} with a standard error of {error:.2f}")
    print(f"late: articles with a strange sentence: ours {foreign['ours']}, lead {foreign['lead']} of {len(rows)}")
    print(f"selection: mean {np.mean(milliseconds):.1f} ms, slowest {max(milliseconds):.1f} ms")
    if arguments.plot:
        shares = {name: values / max(values.sum(), 1.0) for name, values in positions.items()}
        arguments.plot.write_text(bars(shares), encoding="utf-8")


if __name__ == "__main__":
    main()
