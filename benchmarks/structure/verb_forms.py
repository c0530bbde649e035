"""Arabic verb forms as running text shows them, for `core/text/rules/verbs.ar.txt`.

    python benchmarks/structure/verb_forms.py TEXT.xz ... > verbs.ar.txt

What follows لم, لن and سوف is an imperfect verb, what follows قد and لقد a perfect one (or an imperfect). A form is
kept if it stands there at least twice and not by chance: nouns do so once in some hundred times at most.
So is what is written both with ي and with ت before it, as only verbs are. Of two such forms that are both kept one is
written, with `*` for the letter; and of a perfect that is kept with and without ت behind it one, with `*` behind it.
"""

from __future__ import annotations

import lzma
import re
import sys
from collections import Counter

MARKS = re.compile(r"[\u064b-\u065f\u0670\u0640\u200e\u200f]")
FOLDING = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه"})
WORD = re.compile(r"[\u0621-\u064a]+")
NEGATIONS = {"لم", "لن", "سوف", "ولم", "ولن", "فلم", "فلن", "وسوف"}
PARTICLES = {"قد", "لقد", "وقد", "فقد", "ولقد"}
ENDINGS = ("هما", "كما", "هم", "ها", "كم", "نا", "ني", "هن", "ه", "ك", "وا")
# Letters of a form with an ending; shorter ones may be words of their own.
LEAST_ENDED = 4
LEAST_COUNT, LEAST_SHARE, LEAST_TWIN = 2, 0.008, 6


def main() -> None:
    """Count over all files and print the forms, commonest first."""
    total: Counter[str] = Counter()
    imperfect: Counter[str] = Counter()
    perfect: Counter[str] = Counter()
    for name in sys.argv[1:]:
        with lzma.open(name, "rt", encoding="utf-8") as lines:
            for line in lines:
                before = ""
                for word in WORD.findall(MARKS.sub("", line).translate(FOLDING)):
                    total[word] += 1
                    if before in NEGATIONS and word[0] in "يتنا":
                        imperfect[word] += 1
                    elif before in PARTICLES and (not word.startswith("ال") or word.startswith("الت")):
                        perfect[word] += 1
                    before = word
    twins = [word for word, count in total.items() if word[0] == "ي" and len(word) > 3 and count >= LEAST_TWIN]
    shown = {word for word in twins if total["ت" + word[1:]] >= LEAST_TWIN}
    imperfect.update(dict.fromkeys(shown, LEAST_COUNT))
    forms = [
        word
        for word, count in (imperfect + perfect).most_common()
        if count >= LEAST_COUNT
        and len(word) >= 2
        and (count / total[word] >= LEAST_SHARE or word in shown)
        and word not in PARTICLES
    ]
    print("# Made by benchmarks/structure/verb_forms.py from Arabic news and Wikipedia;")
    print("# hamza and ta marbuta are folded, `*` stands for ي and for ت, behind a word for ت and for nothing.")
    written = shortened(forms)
    for start in range(0, len(written), 16):
        print(" ".join(written[start : start + 16]))


def shortened(forms: list[str]) -> list[str]:
    """The same forms, those that differ but in ي and ت at their head, or in ت at their end, written once.

    A form that is another one with an object or the plural's وا behind it is left out: the reader knows these.
    """
    known = set(forms)
    ended = {form for form in known if any(form.removesuffix(end) in known - {form} for end in ENDINGS)}
    forms = [form for form in forms if form not in {one for one in ended if len(one) > LEAST_ENDED}]
    known = set(forms)
    both = {word[1:] for word in forms if word[0] == "ي" and "ت" + word[1:] in known}
    feminine = {word for word in forms if word + "ت" in known}
    out = []
    for word in forms:
        if word[0] in "يت" and word[1:] in both:
            out.append("*" + word[1:])
        elif word in feminine:
            out.append(word + "*")
        elif word[-1] == "ت" and word[:-1] in feminine and word not in feminine:
            out.append(word[:-1] + "*")
        else:
            out.append(word)
    return list(dict.fromkeys(out))


if __name__ == "__main__":
    main()
