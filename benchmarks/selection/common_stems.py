"""Make the lists of common stems that key terms are weighed by: rules/common_ar.tsv and rules/common_en.tsv.

    xz -dc ARTICLES.xz | python benchmarks/selection/common_stems.py ar > common_ar.tsv
    xz -dc ARTICLES.xz | python benchmarks/selection/common_stems.py en OTHER.tsv > common_en.tsv

Reads one article (or, for want of articles, a run of sentences) a line and writes the stems that stand in at least one
article of 200, and in how many of ten thousand. Of an OTHER list of the kind the stems of one article in fifty are
taken in too. A capital tells a name, which is common from one article in fifty. The Arabic list was made from ANT news
and Arabic Wikipedia; the English one from Wikipedia's introductions, the presidents' messages in parts of 600 words
(both as `training/english.py` reads them) and the English side of our news in blocks of 20 lines, with a list of the
English side of other parallel texts in such blocks as OTHER. Counts only: no text is kept.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from khulasa.server.core.summary.lexicon import lexicon, words_of

SHARE, NAME_SHARE = 0.005, 0.02


def main() -> None:
    """Count and print."""
    rules = lexicon(sys.argv[1])
    small: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    articles = 0
    for line in sys.stdin:
        articles += 1
        words = [word for word in words_of(line) if rules.is_content(word.form)]
        spread.update({rules.stem(word.form) for word in words})
        small.update({rules.stem(word.form) for word in words if not word.span.of(line)[:1].isupper()})
    shares = {}
    for stem, count in spread.items():
        name = 10 * small[stem] < count
        share = (count if name else small[stem]) / articles
        if share >= (NAME_SHARE if name else SHARE):
            shares[stem] = share
    for path in sys.argv[2:]:
        for row in Path(path).read_text(encoding="utf-8").splitlines():
            stem, count = row.split("\t")
            if stem in shares or int(count) >= 10_000 * NAME_SHARE:
                shares[stem] = max(shares.get(stem, 0.0), int(count) / 10_000)
    for stem, share in sorted(shares.items(), key=lambda one: (-one[1], one[0])):
        print(f"{stem}\t{10_000 * share:.0f}")


if __name__ == "__main__":
    main()
