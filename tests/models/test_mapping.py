"""`models map`: packages of each layout get a map that the server uses, or stay as they are and hear why."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from khulasa.server.config import Settings
from khulasa.server.core.translation.engine import DecodedSegment, Engine, EngineOptions, SegmentTokens
from khulasa.server.core.translation.types import LanguagePair
from khulasa.server.models.commands import models_app
from khulasa.server.models.convert import convert
from khulasa.server.models.errors import PackageError
from khulasa.server.models.installation import INCOMING, holding, install, lock_of_pull
from khulasa.server.models.manifest import list_files, read_manifest
from khulasa.server.models.mapping.command import map_package, unmap_package
from khulasa.server.models.mapping.distil import distil
from khulasa.server.models.mapping.lexicon import FREQUENT, Side, build, candidates_of
from khulasa.server.models.mapping.likeness import chrf
from khulasa.server.models.mapping.make import make_map
from khulasa.server.models.registry import Shelves, package_at
from khulasa.server.models.verification import faults_of
from khulasa.server.packages import files_of, open_package
from sacrebleu.metrics import CHRF
from small_package import changed, contents, make_package
from typer.main import get_command
from typer.testing import CliRunner

BUNDLED = Path(__file__).resolve().parents[2] / "models/khulasa-base"
ARABIC = "ارتفعت الأسعار بنسبة {} في المئة."
ENGLISH = "Prices rose by {} percent."
# Forced at the start of each target, and far from the start of the vocabulary.
FAR = 9_000


class Told:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.done: dict[str, list[int]] = {}

    def note(self, text: str) -> None:
        self.notes.append(text)

    def steps(self, name: str, total: int) -> Callable[[int], None]:
        return self.done.setdefault(name, []).append


def write_lines(path: Path, pattern: str) -> str:
    """230 lines that differ, of 16 sentences that differ: sentencepiece takes two spaces for one."""
    lines = []
    for number in range(230):
        first, *rest = pattern.format(number % 16).split()
        wide = number // 16
        lines.append(first + "".join(f"{' ' * (1 + (wide >> place & 1))}{word}" for place, word in enumerate(rest)))
    assert len(set(lines)) == 230
    path.write_text("".join(f"{line}\n\n" for line in lines) * 2, encoding="utf-8")
    return str(path)


def plain_folder(folder: Path, *, separate: bool = False) -> Path:
    """The bundled model as a folder that tells nothing of itself, with one vocabulary or one for each side."""
    folder.mkdir()
    for name in ("model.bin", "spm.model"):
        shutil.copyfile(BUNDLED / name, folder / name)
    for name in ("source_vocabulary", "target_vocabulary") if separate else ("shared_vocabulary",):
        shutil.copyfile(BUNDLED / "shared_vocabulary.json", folder / f"{name}.json")
    config = json.loads((BUNDLED / "config.json").read_text(encoding="utf-8")) | {"add_source_bos": True}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def greedy(folder: Path) -> Path:
    """Decoded without beams, which is quicker."""
    fields = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    changed(folder, decoding=fields["decoding"] | {"beam_size": 1})
    return folder


@pytest.fixture
def shelves(tmp_path: Path) -> Shelves:
    return Shelves((), tmp_path / "downloads", ())


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of one direction, a vocabulary for each side, as Marian and Argos have it."""
    folder = tmp_path_factory.mktemp("converted")
    plain = plain_folder(folder / "plain", separate=True)
    convert(plain, folder / "pair", name="pair", pairs=["ar-en"], target_prefix="<2en>")
    return greedy(folder / "pair")


@pytest.fixture
def pair(converted: Path, tmp_path: Path) -> Path:
    """Such a package, to be changed."""
    return shutil.copytree(converted, tmp_path / "pair")


def run(folder: Path, texts: Sequence[str], pair: LanguagePair, *, fresh: bool, mapped: bool = True) -> list[Any]:
    """Hypotheses one text after another, from one engine or each from a new one."""

    def works() -> Iterator[DecodedSegment]:
        package = open_package(files_of(package_at(folder)), Settings(vocabulary_map=mapped), 1, 1)
        for text in texts:
            special = package.tokenizer.spec.tokens_of(pair)
            one = SegmentTokens(tuple(package.tokenizer.encode(text, pair)), special.target_prefix)
            (result,) = package.runner.run([one], EngineOptions(beam_size=1, max_decoding_tokens=40))
            if fresh:
                package.close()
                package = open_package(files_of(package_at(folder)), Settings(vocabulary_map=mapped), 1, 1)
            yield result
        package.close()

    return [result.hypotheses[0].tokens for result in works()]


def uses_map(folder: Path) -> bool:
    engine = Engine.load(folder, max_input_tokens=80)
    try:
        return engine.has_vocabulary_map
    finally:
        engine.close()


def test_a_package_of_one_direction_gets_a_map_and_gives_it_back(pair: Path, tmp_path: Path, shelves: Shelves) -> None:
    before = contents(pair)
    told = Told()
    package, figures = map_package(
        str(pair), [write_lines(tmp_path / "ar.txt", ARABIC)], shelves, told, most_lines=1000
    )
    manifest = read_manifest(pair)
    assert package.manifest == manifest
    assert manifest.vocabulary_map == figures
    assert list(faults_of(pair, manifest)) == []
    assert (figures.lines, figures.held_out_lines) == (207, 23)
    assert figures.outside <= 0.02
    assert figures.scored < 0.5
    assert told.done["ar-en translating"] == [0, 207]
    assert uses_map(pair)
    assert not (shelves.downloads / INCOMING / "pair" / "map").exists()
    texts = [ARABIC.format(9), "قال الوزير.", ARABIC.format(77)]
    assert run(pair, texts, LanguagePair("ar", "en"), fresh=False) == run(
        pair, texts, LanguagePair("ar", "en"), fresh=True
    )
    kept = {name: content for name, content in contents(pair).items() if name not in ("vmap.txt", "manifest.json")}
    assert kept == {name: content for name, content in before.items() if name != "manifest.json"}
    unmap_package(str(pair), shelves, told)
    assert contents(pair).keys() == before.keys()
    assert read_manifest(pair).vocabulary_map is None
    assert list(faults_of(pair, read_manifest(pair))) == []


def test_a_longer_list_scores_more_of_what_was_translated_before(pair: Path, tmp_path: Path) -> None:
    """What is refused can be made again with more pieces, and the package does not translate everything once more."""
    lines = Path(write_lines(tmp_path / "ar.txt", ARABIC)).read_text(encoding="utf-8").split("\n")
    texts = {"ar": list(dict.fromkeys(filter(None, lines)))}
    scored, told = [], Told()
    for frequent in (5, FREQUENT):
        found, figures = make_map(
            pair, read_manifest(pair), texts, tmp_path / "work", told, most_lines=1000, frequent=frequent
        )
        scored.append((figures.scored, len(found[""])))
    assert scored[0] < scored[1]
    assert told.done["ar-en translating"] == [0, 207, 207], "the second time nothing was left to translate"
    (default,) = (
        option.default for option in get_command(models_app).commands["map"].params if option.name == "frequent"
    )
    assert default == FREQUENT


def test_a_pulled_package_is_replaced_whole(pair: Path, tmp_path: Path, shelves: Shelves) -> None:
    downloads = shelves.downloads
    staged = downloads / INCOMING / "staged"
    shutil.copytree(pair, staged)
    installed = install(downloads, staged, read_manifest(staged))
    outside = tmp_path / "outside.bin"
    outside.hardlink_to(installed.folder / "model.bin")
    texts = [write_lines(tmp_path / "ar.txt", ARABIC)]
    told, done = Told(), threading.Event()

    def work() -> None:
        map_package("pair", texts, shelves, told, most_lines=1000)
        done.set()

    with holding(lock_of_pull(downloads, "pair")):
        thread = threading.Thread(target=work)
        thread.start()
        assert not done.wait(1)
        assert installed.folder.is_dir()
    thread.join(100)
    assert done.is_set()
    assert told.notes == ["waiting: another process is at work on pair"]
    (folder,) = downloads.glob("pair@*")
    assert folder != installed.folder
    assert list(faults_of(folder, read_manifest(folder))) == []
    assert uses_map(folder)
    assert outside.read_bytes() == (BUNDLED / "model.bin").read_bytes()
    unmap_package("pair", shelves, told)
    (folder,) = downloads.glob("pair@*")
    assert read_manifest(folder) == installed.manifest
    assert list(faults_of(folder, installed.manifest)) == []


def test_directions_have_lists_of_their_own(tmp_path: Path, shelves: Shelves) -> None:
    folder = tmp_path / "two"
    shutil.copytree(BUNDLED, folder)
    greedy(folder)
    told = Told()
    files = {"ar": write_lines(tmp_path / "ar.txt", ARABIC), "en": write_lines(tmp_path / "en.txt", ENGLISH)}
    done = CliRunner().invoke(models_app, ["map", str(folder), "--texts", files["ar"]])
    assert done.exit_code == 1
    assert f"--texts ar={files['ar']}" in done.output
    done = CliRunner().invoke(models_app, ["map", str(folder), "--texts", f"ar={files['ar']}"])
    assert done.exit_code == 1
    assert "no texts in en" in done.output
    assert (folder / "vmap.txt").read_bytes() == (BUNDLED / "vmap.txt").read_bytes()
    map_package(str(folder), [f"{code}={path}" for code, path in files.items()], shelves, told, most_lines=1000)
    found = read_map(folder)
    ((*english,),) = run(folder, [ARABIC.format(3)], LanguagePair("ar", "en"), fresh=True, mapped=False)
    ((*arabic,),) = run(folder, [ENGLISH.format(3)], LanguagePair("en", "ar"), fresh=True, mapped=False)
    spelled = [{piece for piece in one if len(piece) > 3 and piece[1:].isalpha()} for one in (english, arabic)]
    assert all(spelled), "what the model says has words"
    assert spelled[0] <= set(found["<s:ar>"])
    assert spelled[1] <= set(found["<s:en>"])
    assert spelled[0].isdisjoint(found["<s:en>"])
    assert spelled[1].isdisjoint(found["<s:ar>"])
    assert found[""][:6] == ["<s>", "<pad>", "</s>", "<unk>", "<2en>", "<2ar>"]
    assert uses_map(folder)


def read_map(folder: Path) -> dict[str, list[str]]:
    lines = (folder / "vmap.txt").read_text(encoding="utf-8").splitlines()
    return {key: row.split(" ") for key, _, row in (line.partition("\t") for line in lines)}


def test_a_language_token_far_on_in_the_vocabulary_makes_one_list(tmp_path: Path, shelves: Shelves) -> None:
    vocabulary = json.loads((BUNDLED / "shared_vocabulary.json").read_text(encoding="utf-8"))
    token = vocabulary[FAR]
    folder = tmp_path / "far"
    convert(plain_folder(tmp_path / "plain"), folder, pairs=["ar-en"], target_prefix=token)
    greedy(folder)
    map_package(str(folder), [write_lines(tmp_path / "ar.txt", ARABIC)], shelves, Told(), most_lines=1000)
    found = read_map(folder)
    assert list(found) == [""]
    assert token in found[""]
    assert uses_map(folder)
    direction = LanguagePair("ar", "en")
    texts = [ARABIC.format(9), "قال الوزير.", ARABIC.format(77)]
    outputs = run(folder, texts, direction, fresh=False)
    assert outputs == run(folder, texts, direction, fresh=True)
    assert {piece for tokens in outputs for piece in tokens} <= set(found[""])


def test_a_map_that_loses_too_much_is_not_put_in(pair: Path, tmp_path: Path, shelves: Shelves) -> None:
    seeds = " ".join(
        path.read_text(encoding="utf-8") for path in sorted((BUNDLED.parents[1] / "seeds").glob("*.ar.txt"))
    )
    words = [word for word in dict.fromkeys(seeds.split()) if word.isalpha()]
    lines = [
        ARABIC.format(n) if n % 10 else " ".join(words[n // 10 * 4 : n // 10 * 4 + 4]) or f"{n}." for n in range(230)
    ]
    (tmp_path / "ar.txt").write_text("\n".join(lines), encoding="utf-8")
    before = contents(pair)
    done = CliRunner(env={"KHULASA_DOWNLOAD_DIR": str(shelves.downloads)}).invoke(
        models_app, ["map", str(pair), "--texts", str(tmp_path / "ar.txt")]
    )
    assert done.exit_code == 1, done.output
    assert "pair stays as it is" in done.output
    assert "leaves out" in done.output
    assert contents(pair) == before


def test_cut_off_between_map_and_manifest_the_same_command_puts_it_right(pair: Path, shelves: Shelves) -> None:
    (pair / "vmap.txt").write_text("\t<s> <pad> </s> <unk> <2en>\n", encoding="utf-8")
    assert list(faults_of(pair, read_manifest(pair))) == ["vmap.txt: not in the manifest"]
    unmap_package(str(pair), shelves, Told())
    assert list(faults_of(pair, read_manifest(pair))) == []
    with pytest.raises(Exception, match="has no vocabulary map"):
        unmap_package(str(pair), shelves, Told())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"one\ntwo\n", r"2 different lines of ar that can be used, 200 are the least"),
        (b"one\n\xff\xfe\n", "no UTF-8 at byte 4"),
        (None, "No such file"),
    ],
)
def test_texts_that_make_no_map(
    content: bytes | None, message: str, pair: Path, tmp_path: Path, shelves: Shelves
) -> None:
    if content is not None:
        (tmp_path / "ar.txt").write_bytes(content)
    with pytest.raises(Exception, match=message):
        map_package(str(pair), [str(tmp_path / "ar.txt")], shelves, Told(), most_lines=1000)


def test_packages_that_get_no_map(tmp_path: Path) -> None:
    texts = [write_lines(tmp_path / "ar.txt", ARABIC)]
    make_package(tmp_path / "s", "s", kind="summarization", pairs=[{"source": "ar", "target": "ar"}])
    make_package(tmp_path / "bundled/b", "b")
    make_package(tmp_path / "damaged", "damaged")
    (tmp_path / "damaged/model.bin").write_bytes(b"other")
    (tmp_path / "link").symlink_to(tmp_path / "bundled/b")
    shelves = Shelves((), tmp_path / "downloads", (tmp_path / "bundled",))
    for name, message in (
        (str(tmp_path / "s"), "maps are for those that translate"),
        ("b", "comes with the server and the next version"),
        # by its path too: it was changed where it stands
        (str(tmp_path / "bundled/b"), "model_dirs names"),
        (str(tmp_path / "link"), "model_dirs names"),
        (str(tmp_path / "damaged"), "model.bin: 50,000 bytes expected, 5 found"),
    ):
        with pytest.raises(Exception, match=message):
            map_package(name, texts, shelves, Told(), most_lines=1000)
    # before the texts are looked for: nobody should have to make them first
    with pytest.raises(PackageError, match="comes with the server"):
        map_package("b", ["none.txt"], shelves, Told(), most_lines=1000)
    with pytest.raises(PackageError, match="comes with the server"):
        unmap_package(str(tmp_path / "bundled/b"), shelves, Told())


class Counting:
    """Says each row backwards and counts them; stops after so many."""

    def __init__(self, most: int) -> None:
        self.said, self.most = 0, most

    def say(self, rows: Sequence[Sequence[str]], pair: object) -> list[tuple[str, ...]]:
        if self.said >= self.most:
            raise KeyboardInterrupt
        self.said += len(rows)
        return [tuple(reversed(row)) for row in rows]


def test_translating_goes_on_where_it_stopped(tmp_path: Path) -> None:
    rows = [(f"a{n}", "\u2028", "ب") for n in range(1300)]
    direction: Any = None
    first: Any = Counting(600)
    with pytest.raises(KeyboardInterrupt):
        distil(first, rows, direction, tmp_path / "said.jsonl")
    with (tmp_path / "said.jsonl").open("a") as file:
        file.write('["torn", "li')
    second: Any = Counting(10_000)
    found = distil(second, rows, direction, tmp_path / "said.jsonl")
    assert (first.said, second.said) == (1024, 276)
    assert [one.pieces for one in found] == rows
    assert [one.said for one in found] == [tuple(reversed(row)) for row in rows]


def test_vocabularies_of_each_side_are_kept_apart() -> None:
    source = ["<unk>", "</s>", "▁قط", "▁كلب", "7", "▁NATO"]
    target = ["</s>", "<unk>", "▁the", "7", "▁dog", "▁cat", "▁NATO", "▁قط", "ب", "b"]
    side = Side([[2], [3], [2, 4]], [[2, 5], [2, 4], [5, 3]], [1.0] * 3, "", ("ARABIC", "LATIN"))
    found = build([side], source, target, target[:2], frequent=1, candidates=2)
    assert found[""] == ["</s>", "<unk>", "▁the", "b"]
    assert candidates_of(["▁كلب"], found) >= {"▁dog", "</s>"}
    assert "▁cat" in candidates_of(["▁قط"], found)
    assert "7" in found["7"]
    assert found["▁NATO"] == ["▁NATO"]
    assert "▁قط" not in {piece for row in found.values() for piece in row}


def test_likeness_is_that_of_sacrebleu() -> None:
    ours = ["The cat sat on the mat.", "نعم", "a  b", "Prices rose by 3 percent on Monday"]
    theirs = ["A cat is on the mat", "نعم وهو كذلك", "ab", "On Monday prices went up 3 per cent."]
    expected = CHRF().corpus_score(ours, [theirs]).score
    assert chrf(zip(ours, theirs, strict=True)) == pytest.approx(expected, abs=1e-6)
    assert chrf([]) == chrf([("a b", "ab")]) == 100
    assert chrf([("a", "b")]) == 0


def test_figures_need_a_map(pair: Path) -> None:
    figures = {"lines": 1, "held_out_lines": 1, "outside": 0.0, "chrf": 99.0, "time": 0.7, "scored": 0.2}
    changed(pair, vocabulary_map=figures)
    with pytest.raises(Exception, match=r"vocabulary_map: vmap.txt is not listed"):
        read_manifest(pair)
    (pair / "vmap.txt").write_text("\t<unk>\n")
    changed(pair, files=[entry.model_dump() for entry in list_files(pair)])
    assert read_manifest(pair).vocabulary_map is not None
