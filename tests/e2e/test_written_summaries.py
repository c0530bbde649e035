"""A server whose summaries a model writes. The weights are those of the bundled translator, asked for Arabic of Arabic:
what they write is poor, but it is decoded, divided, tied to its evidence and checked as any summarizer's would be.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from khulasa.v1 import common_pb2, model_pb2, model_pb2_grpc, summary_pb2, summary_pb2_grpc
from server_process import ROOT, ServerProcess

SEED = (ROOT / "seeds/nato-guarantees.ar.txt").read_text(encoding="utf-8")
ENGLISH = "The council announced its decision in the capital today. The spokesman said that the decision was final."
TIMEOUT_S = 60.0


def write_package(folder: Path) -> Path:
    """A summarization package for Arabic with real weights."""
    shutil.copytree(ROOT / "models/khulasa-base", folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    into_arabic = next(pair for pair in manifest["pairs"] if pair["target"] == "ar")
    manifest |= {
        "name": "tiny-writer",
        "kind": "summarization",
        "pairs": [into_arabic | {"source": "ar"}],
        "quality": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    package = write_package(tmp_path_factory.mktemp("models") / "tiny-writer")
    with ServerProcess(threads=2, summary_model=package) as process:
        process.wait_until("SERVING")
        yield process
        assert process.stop() == 0


@pytest.fixture(scope="module")
def summary(server: ServerProcess) -> summary_pb2_grpc.SummaryServiceStub:
    return summary_pb2_grpc.SummaryServiceStub(server.channel)


def test_what_is_written_comes_with_its_evidence(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    request = summary_pb2.SummarizeRequest(article={"text": SEED}, options={"max_sentences": 3})
    answer = summary.Summarize(request, timeout=TIMEOUT_S)
    assert answer.summary_model.name == "tiny-writer"
    assert 1 <= len(answer.summary.sentences) <= 3
    body = [part.span for part in answer.summary.parts if part.kind == summary_pb2.PART_KIND_BODY]
    for pair in answer.summary.sentences:
        assert pair.source_text
        assert pair.target_text
        assert (pair.source_span.start, pair.source_span.end) == (0, 0)
        assert pair.evidence_spans
        for span in pair.evidence_spans:
            assert SEED[span.start : span.end].strip() == SEED[span.start : span.end]
            assert any(part.start <= span.start and span.end <= part.end for part in body)


def test_a_language_that_the_writer_lacks_stays_extractive(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    request = summary_pb2.SummarizeRequest(article={"text": ENGLISH}, options={"max_sentences": 1})
    answer = summary.Summarize(request, timeout=TIMEOUT_S)
    assert answer.summary_model.name == "khulasa-selection"
    (pair,) = answer.summary.sentences
    assert ENGLISH[pair.source_span.start : pair.source_span.end] == pair.source_text
    assert not pair.evidence_spans


def test_a_focus_is_refused_by_name(summary: summary_pb2_grpc.SummaryServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as error:
        summary.Summarize(summary_pb2.SummarizeRequest(article={"text": SEED}, options={"focus": "كييف"}))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "options.focus" in error.value.details()


def test_the_model_service_names_the_writer(server: ServerProcess) -> None:
    models = model_pb2_grpc.ModelServiceStub(server.channel).ListModels(model_pb2.ListModelsRequest()).models
    (writer,) = [model for model in models if model.name == "tiny-writer"]
    assert writer.kind == common_pb2.MODEL_KIND_SUMMARIZATION
    assert list(writer.language_codes) == ["ar"]


def test_a_translator_is_no_summarizer() -> None:
    with ServerProcess(threads=1, summary_model="khulasa-base") as server:
        assert server.wait() == 1
        assert "summary_model" in server.written()
