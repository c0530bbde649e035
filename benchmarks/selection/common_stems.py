"""Make the lists of common stems that key terms are weighed by: rules/common_ar.tsv and rules/common_en.tsv.

    xz -dc ARTICLES.xz | python benchmarks/selection/common_stems.py ar > common_ar.tsv

Reads one article (or, for want of articles, a run of sentences) a line and writes the stems that stand in at least one
article of 200, and in how many of ten thousand. The Arabic list was made from ANT news and Arabic Wikipedia, the
English one from the English side of parallel texts in blocks of 20 lines. Counts only: no text is kept.
"""

from __future__ import annotations

import sys
from collections import Counter

from khulasa.server.core.summary.lexicon import lexicon, words_of

SHARE = 0.005


def main() -> None:
    """Count and print."""
    rules = lexicon(sys.argv[1])
    spread: Counter[str] = Counter()
    articles = 0
    for line in sys.stdin:
        articles += 1
        spread.update({rules.stem(word.form) for word in words_of(line) if rules.is_content(word.form)})
    for stem, count in spread.most_common():
        if count < SHARE * articles:
            break
        print(f"{stem}\t{count / articles * 10_000:.0f}")


if __name__ == "__main__":
    main()
