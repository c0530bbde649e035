"""Who spoke is told behind a quotation alone: words of saying behind any other stop begin a sentence of their own."""

from __future__ import annotations

import pytest
from khulasa.server.core.text.sentences import sentence_spans

# A bar marks each inner end.
MARKED = [
    "بلغ السعر 20.| قال الوزير إنه مرتفع.",
    "هل انتهت الحرب؟| قال الوزير إنها لم تنته.",
    "«هل انتهت الحرب؟» قال الوزير.| ثم سكت.",
    "«خسرنا!» كما قال المدرب.| ثم غادر.",
    "«خسرنا!»| كما خسر الفريق الثاني.",
    "Prices rose to $20.| Said Hamid was not surprised.",
    # A dash closes what a dash opened, and only that.
    "الجديد - هل تصدق؟ - أن المشروع عاد.",
    "من أنت؟| - أنا زيد.",
    "Who is it?| - It is me.",
]


@pytest.mark.parametrize("marked", MARKED)
def test_ends_behind_questions_and_quotations(marked: str) -> None:
    line = marked.replace("|", "")
    ends = [span.end for span in sentence_spans(line, "ar")][:-1]
    for at in reversed(ends):
        line = f"{line[:at]}|{line[at:]}"
    assert line == marked
