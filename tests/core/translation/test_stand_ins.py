"""Names in place of links and the like: offsets lead back, items come back, nothing of a name stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.protect import protected_items
from khulasa.server.core.translation.stand_ins import StoodInText, put_back, stand_ins_of

ITEMS = (
    "https://example.org/a?b=1&c=2",
    "info@example.org",
    "@someone",
    "#القاهرة_اليوم",
    "`ls -l`",
    "{{name}}",
    "😀",
    "🇪🇬",
)
_WORDS = st.sampled_from(("زوروا", "our page", "(", ")", ". ", " ", "، ", "12%", "Item", "ItemA", "@Item", "x"))


def seen(text: str) -> str:
    return StoodInText(text, stand_ins_of(text)).text


def test_the_model_reads_names() -> None:
    assert seen("زوروا https://example.org/a?b=1 أو `ls -l`.") == "زوروا @ItemA أو @ItemB."
    assert seen("no item here") == "no item here"


def test_a_name_stands_apart_from_letters() -> None:
    assert seen("قال😀للناس") == "قال @ItemA للناس"
    assert seen("(https://example.org)") == "(@ItemA)"


def test_an_emoji_at_an_end_stays() -> None:
    """The model drops it there and it is put back; a name would be read as somebody spoken to."""
    assert seen("👍 شكرا لكم 😀.") == "👍 شكرا لكم 😀."
    assert seen("شكرا 😀 لكم") == "شكرا @ItemA لكم"


def test_what_the_glossary_answers_for_stays() -> None:
    text = "see @khulasa now"
    assert stand_ins_of(text, [Span(5, 12)]) == ()
    assert len(stand_ins_of(text, [Span(0, 3)])) == 1


@pytest.mark.parametrize("text", ["@ItemA and https://example.org now", "the #items of https://example.org now"])
def test_a_text_with_such_names_is_read_as_it_is(text: str) -> None:
    assert stand_ins_of(text) == ()


def test_more_items_than_names_are_read_as_they_are() -> None:
    assert stand_ins_of(" ".join(f"word @user{n}" for n in range(9)) + " word") == ()
    assert len(stand_ins_of(" ".join(f"word @user{n}" for n in range(8)) + " word")) == 8


@pytest.mark.parametrize(
    ("target", "made"),
    [
        ("Visit @ItemA or @ItemB.", "Visit https://example.org/x or info@example.org."),
        ("Visit @itemb, then *ItemA!", "Visit info@example.org, then https://example.org/x!"),
        ("Visit @ Item A's page", "Visit https://example.org/x's page"),
        ("زوروا @ItemA، و@ItemB.", "زوروا https://example.org/x، وinfo@example.org."),
        ("Visit @Items now and @ItemC.", "Visit now and."),
        ("زوروا # #إtemA", "زوروا https://example.org/x"),
        ("اشارك @temB مع", "اشارك info@example.org مع"),
        ("@temperature stays", "@temperature stays"),
        ("Item A of the agenda", "Item A of the agenda"),
    ],
)
def test_items_come_back_however_the_name_is_written(target: str, made: str) -> None:
    stand_ins = stand_ins_of("Visit https://example.org/x or info@example.org today.")
    assert put_back(stand_ins, target) == made


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_WORDS, st.sampled_from(ITEMS)), max_size=12).map(" ".join))
def test_every_offset_leads_back(text: str) -> None:
    stand_ins = stand_ins_of(text)
    changed = StoodInText(text, stand_ins)
    assert put_back(stand_ins, changed.text) == text
    assert all(one.item in protected_items(text) for one in stand_ins)
    inside = [False] * len(text)
    for one in stand_ins:
        at = changed.text.index(one.name)
        # Any part of a name comes from the whole item.
        assert changed.source_span(at + 1, at + 3) == one.item.span
        for place in range(*one.item.span):
            inside[place] = True
    reached: set[int] = set()
    last = 0
    for place, letter in enumerate(changed.text):
        span = changed.source_span(place, place + 1)
        assert span.start >= last or inside[span.start]
        last = span.start
        reached.update(range(*span))
        if not inside[span.start]:
            assert span.of(text) == letter
    assert reached == set(range(len(text)))


def test_a_clause_keeps_the_names_of_the_whole() -> None:
    text = "See https://example.org/x first, then write to info@example.org today."
    at = text.index("then")
    [_, second] = stand_ins_of(text)
    clause = StoodInText(text[at:], [second.shifted(-at)])
    assert clause.text == "then write to @ItemB today."
    place = clause.text.index("@")
    assert clause.source_span(place, place + 6).shifted(at).of(text) == "info@example.org"


@pytest.mark.parametrize(
    ("target", "made"),
    [
        ("انظر @أمرا أو @يتامبا.", "انظر https://example.org/x أو info@example.org."),
        ("انظر @ItemB أو @أمر.", "انظر info@example.org أو https://example.org/x."),
        # The other way round, or fewer or more than there were: which is which would be a guess.
        *((same, same) for same in ("انظر @يتامبا أو @أمرا.", "انظر @أمرا.", "انظر @أمرا و @يتامبا و @يتامسي.")),
    ],
)
def test_names_written_as_they_sound_are_understood(target: str, made: str) -> None:
    assert put_back(stand_ins_of("See https://example.org/x or info@example.org."), target) == made


def test_a_key_at_an_end_has_a_name_too() -> None:
    assert seen("Call 😀 1️⃣.") == "Call 😀 @ItemA."


def test_a_letter_that_is_spelt_apart_is_its_name() -> None:
    stand_ins = stand_ins_of("Visit user_id, `ls -l`, @reuters and 192.168.1.10 before noon.")
    spelt = "راجع @يتاما، @يتمبب، @يتم سي، و @يتامد قبل الظهر."
    assert put_back(stand_ins, spelt) == "راجع user_id، `ls -l`، @reuters، و 192.168.1.10 قبل الظهر."
    assert put_back(stand_ins, spelt.replace("سي", "في")) == spelt.replace("سي", "في")
