"""The catalog that ships with the server: whole, pinned where it says so, honest; and what a start says of previews."""

from __future__ import annotations

import re

import pytest
from khulasa.server.api.ports import ModelDescription, ModelKind
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.models.catalog import CatalogEntry, HubSource, UrlSource, catalog, stronger_than_preview
from khulasa.server.models.convert.sources import SourceKind
from khulasa.server.models.errors import PackageError, PackageNotFoundError
from khulasa.server.models.manifest import PackageKind
from khulasa.server.models.pull import entry_of
from khulasa.server.previews import preview_lines

ENTRIES = catalog().packages


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_every_entry_can_be_pulled(entry: CatalogEntry) -> None:
    assert entry.convert.kind in [kind.value for kind in SourceKind]
    assert entry.description
    form = "[a-z]{2}" if entry.kind is PackageKind.SUMMARIZATION else "[a-z]{2}-[a-z]{2}"
    assert all(re.fullmatch(form, pair) for pair in entry.pairs)
    assert entry.commercial == ("NC" not in entry.licence)
    for figure in entry.quality:
        assert f"{figure.source}-{figure.target}" in entry.pairs
    if isinstance(entry.source, HubSource):
        # Without a list every file of a repository would be fetched, with one nothing unforeseen is.
        assert entry.source.files
    else:
        assert isinstance(entry.source, UrlSource)
        assert entry.source.url.startswith("https://")
        assert entry.source.sha256
        assert entry.source.bytes


def test_hashes_that_are_known_are_there() -> None:
    argos = catalog().get("argos-ar-en").source
    assert isinstance(argos, UrlSource)
    assert (argos.bytes, argos.sha256[:8] if argos.sha256 else "") == (81_869_670, "bc98cd4e")
    marian = catalog().get("opus-mt-ar-en").source
    assert isinstance(marian, HubSource)
    assert [(pin.path, pin.bytes, pin.sha256[:8]) for pin in marian.pinned] == [
        ("pytorch_model.bin", 307_640_325, "e937a8dd")
    ]
    nllb = catalog().get("nllb-200-distilled-600m").source
    assert isinstance(nllb, HubSource)
    assert {pin.path for pin in nllb.pinned} <= set(nllb.files)
    assert [(pin.path, pin.bytes, pin.sha256[:8]) for pin in nllb.pinned] == [
        ("pytorch_model.bin", 2_460_457_927, "c266c2cf"),
        ("sentencepiece.bpe.model", 4_852_054, "14bb8dfb"),
        ("tokenizer.json", 17_331_176, "e316b82d"),
        ("config.json", None, "f9b4081d"),
    ]


def test_all_repositories_but_one_are_pinned_by_commit() -> None:
    floating = [
        entry.name
        for entry in ENTRIES
        if isinstance(entry.source, HubSource) and not re.fullmatch("[0-9a-f]{40}", entry.source.revision)
    ]
    assert floating == ["opus-mt-tc-big-ar-en-ct2"]


def test_what_is_recommended_needs_nothing_to_convert_with_and_may_be_used_by_all() -> None:
    recommended = [entry for entry in ENTRIES if entry.recommended]
    assert not any(entry.convert.extra for entry in recommended)
    assert all(entry.commercial for entry in recommended)
    pairs = [pair for entry in recommended for pair in entry.pairs]
    assert sorted(pairs) == ["ar-en", "en-ar"], "one for each pair of the bundled preview"


def test_the_line_names_only_what_is_needed() -> None:
    assert stronger_than_preview([]) == ""
    assert stronger_than_preview(["fr-en"]) == ""
    assert stronger_than_preview(["en-ar"]) == "khulasa-server models pull argos-en-ar"
    assert len(stronger_than_preview(["ar-en", "en-ar"]).split()) == 5


def model(name: str, *pairs: str, preview: bool = False, kind: ModelKind = ModelKind.TRANSLATION) -> ModelDescription:
    served = tuple(LanguagePair(*pair.split("-")) for pair in pairs)
    return ModelDescription(name, "1", "0" * 64, kind, served, preview=preview)


def test_a_preview_that_serves_is_announced_with_the_way_out() -> None:
    lines = preview_lines([model("base", "ar-en", "en-ar", preview=True)])
    assert lines[0].startswith("base (ar-en, en-ar) is a preview")
    assert lines[1] == f"stronger models: {stronger_than_preview(['ar-en', 'en-ar'])}"


def test_only_the_pairs_that_it_serves_are_said() -> None:
    lines = preview_lines([model("good", "ar-en"), model("base", "ar-en", "en-ar", preview=True)])
    assert lines[0].startswith("base (en-ar) is a preview")
    assert lines[1] == "stronger models: khulasa-server models pull argos-en-ar"


def test_a_preview_behind_another_model_is_not_announced() -> None:
    assert preview_lines([model("good", "ar-en", "en-ar"), model("base", "ar-en", preview=True)]) == []
    assert preview_lines([model("e5", preview=True, kind=ModelKind.EMBEDDING)]) == []


def test_arguments_of_pull() -> None:
    assert entry_of("argos-ar-en") == catalog().get("argos-ar-en")
    assert entry_of("argos-ar-en", quantization="float32").convert.quantization == "float32"
    hub = entry_of("Helsinki-NLP/opus-mt-ar-en@abc", name="mine")
    assert hub.source == HubSource(hub="Helsinki-NLP/opus-mt-ar-en", revision="abc")
    assert (hub.name, hub.named) == ("mine", True)
    assert entry_of("https://example.org/a/My%20Model-1_0.tar.gz?x=1").name == "my-20model-1_0"
    assert entry_of("./folder").name == "folder"
    for wrong in ("no-such", "a/b/c", "Helsinki-NLP/", "a b", ""):
        with pytest.raises(PackageNotFoundError):
            entry_of(wrong)
    with pytest.raises(PackageError, match="64"):
        entry_of("https://example.org/a.zip", sha256="abc")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("opus-mt-tc-bg-ar-en", "opus-mt-tc-big-ar-en"),
        ("Argos_AR_EN", "argos-ar-en"),
        ("nllb", "nllb-200-distilled-600m"),
        ("m2m100", "m2m100-418m"),
    ],
)
def test_a_misspelt_name_gets_the_nearest(name: str, first: str) -> None:
    with pytest.raises(PackageNotFoundError, match=f"the catalog has no '{name}'; nearest: {first}[,.]"):
        entry_of(name)


def test_a_name_like_no_other_gets_all() -> None:
    with pytest.raises(PackageNotFoundError, match="the catalog has no 'gpt'; it has: opus-mt-tc-big-ar-en, "):
        entry_of("gpt")


def test_what_comes_with_the_server_is_not_pulled() -> None:
    with pytest.raises(PackageError, match="khulasa-base comes with the server"):
        entry_of("khulasa-base")
