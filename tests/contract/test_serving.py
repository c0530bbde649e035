"""Health, reflection, drain, tokens, quotas and admission, through real channels."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar

import grpc
import pytest
from api_rig import ARABIC, Recorder, Rig, failure_of, refused
from fake_core import FakeCore
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from khulasa.server.api import server as server_module
from khulasa.server.api.admission import Admission, AdmissionLimits
from khulasa.server.api.authentication import Authenticator, hash_of_token
from khulasa.server.api.lifecycle import Lifecycle
from khulasa.server.api.server import ApiServer
from khulasa.server.core.translation.scheduling.aside import work_caller
from khulasa.v1 import model_pb2, summary_pb2, translation_pb2
from raw_http2 import RawConnection

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
SERVICES = ["khulasa.v1.TranslationService", "khulasa.v1.SummaryService", "khulasa.v1.ModelService"]
ARTICLE = summary_pb2.SummarizeRequest(article=summary_pb2.Article(text=ARABIC))
MakeRig = Callable[..., object]


def health_of(rig: Rig) -> object:
    return health_pb2_grpc.HealthStub(rig.channel)


async def test_health_follows_the_servers_life_overall_and_by_service(make_rig: MakeRig) -> None:
    rig: Rig = await make_rig(FakeCore(), serving=False)  # type: ignore[misc]
    health = health_of(rig)
    for name in ["", *SERVICES]:
        answer = await health.Check(health_pb2.HealthCheckRequest(service=name))  # type: ignore[attr-defined]
        assert answer.status == NOT_SERVING
    failure = await refused(rig.summary.Summarize(ARTICLE))
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "NOT_SERVING")
    rig.lifecycle.serving()
    for name in ["", *SERVICES]:
        answer = await health.Check(health_pb2.HealthCheckRequest(service=name))  # type: ignore[attr-defined]
        assert answer.status == SERVING
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await health.Check(health_pb2.HealthCheckRequest(service="khulasa.v1.Nothing"))  # type: ignore[attr-defined]
    assert error.value.code() is grpc.StatusCode.NOT_FOUND


async def test_watchers_see_every_change_and_do_not_hold_up_the_end(make_rig: MakeRig) -> None:
    rig: Rig = await make_rig(FakeCore(), serving=False)  # type: ignore[misc]
    watch = health_of(rig).Watch(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
    unknown = health_of(rig).Watch(health_pb2.HealthCheckRequest(service="no"))  # type: ignore[attr-defined]
    assert (await watch.read()).status == NOT_SERVING
    assert (await unknown.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    rig.lifecycle.serving()
    assert (await watch.read()).status == SERVING
    began = time.monotonic()
    assert await rig.running.drain(60)
    assert (await watch.read()).status == NOT_SERVING
    assert time.monotonic() - began < 30


async def test_draining_finishes_what_was_accepted_and_refuses_the_rest(rig: Rig) -> None:
    rig.core.gate = asyncio.Event()
    accepted = [asyncio.ensure_future(_answer(rig.summary.Summarize(ARTICLE))) for _ in range(20)]
    await _until(lambda: rig.core.working == 20)
    draining = asyncio.ensure_future(rig.running.drain(10))
    await _until(lambda: rig.lifecycle.stage.value == "draining")
    answer = await health_of(rig).Check(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
    assert answer.status == NOT_SERVING
    failure = await refused(rig.summary.Summarize(ARTICLE))
    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert not draining.done()
    rig.core.gate.set()
    answers = await asyncio.gather(*accepted)
    assert all(len(answer.summary.sentences) == 1 for answer in answers)
    assert await draining is True


async def test_the_grace_period_ends_a_drain(rig: Rig) -> None:
    rig.core.gate = asyncio.Event()
    stuck = asyncio.ensure_future(_answer(rig.summary.Summarize(ARTICLE)))
    await _until(lambda: rig.core.working == 1)
    assert await rig.running.drain(0.1) is False
    with pytest.raises(grpc.aio.AioRpcError):
        await stuck


async def test_health_and_reflection_answer_when_the_server_is_full(make_rig: MakeRig) -> None:
    core = FakeCore(gate=asyncio.Event())
    rig: Rig = await make_rig(core, admission_limits=AdmissionLimits(concurrent_calls=10))  # type: ignore[misc]
    busy = [asyncio.ensure_future(_answer(rig.summary.Summarize(ARTICLE))) for _ in range(10)]
    await _until(lambda: core.working == 10)
    failure = await refused(rig.summary.Summarize(ARTICLE))
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert failure.retry_after_s
    answer = await health_of(rig).Check(health_pb2.HealthCheckRequest(), timeout=30)  # type: ignore[attr-defined]
    assert answer.status == SERVING
    assert len(await _services(rig)) == 5
    assert core.gate is not None
    core.gate.set()
    assert len(await asyncio.gather(*busy)) == 10


# A client that takes no more than 64 KiB before it reads.
NARROW = [("grpc.http2.bdp_probe", 0)]


def unread_stream(rig: Rig) -> Any:
    """A stream whose answers do not fit into what waits on the way."""
    return rig.translation.TranslateStream(
        translation_pb2.TranslateStreamRequest(request={"texts": ["ن" * 120_000] * 8})
    )


async def test_streams_that_are_not_read_give_way_to_calls_that_find_no_place(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, admissions = 0.0, list[Admission]()

    def made(limits: AdmissionLimits, **options: float) -> Admission:
        admissions.append(Admission(limits, lambda: now, **options))
        return admissions[-1]

    monkeypatch.setattr(server_module, "Admission", made)
    limits = AdmissionLimits(concurrent_calls=3)
    rig: Rig = await make_rig(FakeCore(), admission_limits=limits, unread_s=60, channel_options=NARROW)  # type: ignore[misc]
    streams = [unread_stream(rig) for _ in range(3)]
    await _until(lambda: rig.observer.running == 3)
    failure = await refused(rig.summary.Summarize(ARTICLE))
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert rig.observer.running == 3
    await _until(lambda: sum(map(len, admissions[0]._unread._of.values())) == 3)
    now = 60.0
    await refused(rig.summary.Summarize(ARTICLE))
    await _until(lambda: rig.observer.running == 2)
    assert (await rig.summary.Summarize(ARTICLE)).summary.sentences
    # What was on its way is not lost, and whoever reads on is told that it is not all.
    ends = []
    for stream in streams:
        read = 0
        try:
            async for _ in stream:
                read += 1
        except grpc.aio.AioRpcError as error:
            failure = failure_of(error)
            assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
            assert failure.retry_after_s
            assert 0 < read < 8
        else:
            assert read == 8
        ends.append(read == 8)
    assert sorted(ends) == [False, True, True]


async def test_an_answer_that_is_not_fetched_gives_way_to_a_call_that_finds_no_place(make_rig: MakeRig) -> None:
    rig: Rig = await make_rig(FakeCore(), admission_limits=AdmissionLimits(concurrent_calls=2), unread_s=1)  # type: ignore[misc]

    def unfetched() -> list[int]:
        streams = []
        for _ in range(32):
            streams.append(connection.open("/khulasa.v1.SummaryService/Summarize"))
            connection.message(streams[-1], ARTICLE.SerializeToString())
            assert connection.status_or_headers(streams[-1]) == "headers"
        return streams

    # The very first call of a server gRPC keeps for good.
    await rig.summary.Summarize(ARTICLE)
    with await asyncio.to_thread(RawConnection, rig.running.ports[0], window=0, timeout_s=30) as connection:
        streams = await asyncio.to_thread(unfetched)
        failure = await refused(rig.summary.Summarize(ARTICLE))
        assert failure.message == "this caller does not fetch its answers"
        end = time.monotonic() + 30
        while True:
            try:
                assert (await rig.summary.Summarize(ARTICLE)).summary.sentences
                break
            except grpc.aio.AioRpcError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.3)
        # Calls without a deadline, on one connection: the oldest are ended (CANCELLED), the others wait on.
        assert await asyncio.to_thread(connection.status, streams[0]) == "1"
        assert all(stream != streams[-1] for _, _, stream, _ in await asyncio.to_thread(connection.listen, 0.1))


async def test_a_slow_reader_gets_all_while_there_is_room_for_others(make_rig: MakeRig) -> None:
    rig: Rig = await make_rig(FakeCore(), unread_s=0.1, channel_options=NARROW)  # type: ignore[misc]
    stream = aiter(unread_stream(rig))
    await anext(stream)
    await asyncio.sleep(0.5)
    assert rig.observer.running == 1
    assert (await rig.summary.Summarize(ARTICLE)).summary.sentences
    assert len([message async for message in stream]) == 7


async def test_two_hundred_idle_connections_leave_room_for_work(rig: Rig) -> None:
    channels = [
        grpc.aio.insecure_channel(rig.address, options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(200)
    ]
    await asyncio.gather(*(channel.channel_ready() for channel in channels))
    await rig.summary.Summarize(ARTICLE, timeout=30)
    await asyncio.gather(*(channel.close() for channel in channels))


async def test_a_client_that_knows_nothing_but_reflection_can_call(rig: Rig) -> None:
    pool = descriptor_pool.DescriptorPool()
    stub = reflection_pb2_grpc.ServerReflectionStub(rig.channel)
    assert set(SERVICES) < set(await _services(rig))
    seen: set[str] = set()

    async def fetch(**request: str) -> None:
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(**request)]))
        async for response in call:
            for raw in response.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(raw)
                if file.name in seen:
                    continue
                seen.add(file.name)
                for dependency in file.dependency:
                    await fetch(file_by_filename=dependency)
                pool.Add(file)

    await fetch(file_containing_symbol="khulasa.v1.SummaryService")
    method = pool.FindServiceByName("khulasa.v1.SummaryService").FindMethodByName("Summarize")
    make_request = message_factory.GetMessageClass(method.input_type)
    make_response = message_factory.GetMessageClass(method.output_type)
    call = rig.channel.unary_unary(
        "/khulasa.v1.SummaryService/Summarize",
        request_serializer=make_request.SerializeToString,
        response_deserializer=make_response.FromString,
    )
    request = json_format.ParseDict(
        {"article": {"text": ARABIC, "articleId": "r"}, "options": {"maxSentences": 2}}, make_request()
    )
    answer = json_format.MessageToDict(await call(request))
    span = answer["summary"]["sentences"][0]["sourceSpan"]
    assert ARABIC[span.get("start", 0) : span["end"]] == answer["summary"]["sentences"][0]["sourceText"]
    assert rig.core.settings[0].bounds.max_sentences == 2


@pytest.mark.parametrize(
    ("symbol", "file"),
    [
        ("khulasa.v1.TranslationService.Translate", "khulasa/v1/translation.proto"),
        ("grpc.health.v1.Health.Check", "grpc_health/v1/health.proto"),
        ("khulasa.v1.Article.text", "khulasa/v1/summary.proto"),
        ("khulasa.v1.QUALITY_FLAG_EMPTY", "khulasa/v1/common.proto"),
        ("khulasa.v1.TranslationService.Nothing", ""),
        ("khulasa.v1", ""),
        ("", ""),
    ],
)
async def test_reflection_finds_every_kind_of_symbol(rig: Rig, symbol: str, file: str) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(rig.channel)
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=symbol)
    (answer,) = [one async for one in stub.ServerReflectionInfo(iter([request]))]
    found = [
        descriptor_pb2.FileDescriptorProto.FromString(raw).name
        for raw in answer.file_descriptor_response.file_descriptor_proto
    ]
    assert found[:1] == ([file] if file else [])
    assert answer.error_response.error_code == (0 if file else grpc.StatusCode.NOT_FOUND.value[0])


class TestTokens:
    """Health open, everything else closed."""

    secrets: ClassVar = {"news": "kh_one", "archive": "kh_two"}

    @pytest.fixture
    async def closed(self, make_rig: MakeRig) -> Rig:
        hashes = {name: hash_of_token(secret) for name, secret in self.secrets.items()}
        return await make_rig(FakeCore(), authenticator=Authenticator(hashes))  # type: ignore[misc, no-any-return]

    @pytest.mark.parametrize(
        "metadata",
        [
            (),
            (("authorization", "kh_one"),),
            (("authorization", "Bearer "),),
            (("authorization", "Bearer kh_on"),),
            (("authorization", "Bearer kh_one kh_two"),),
            (("authorization", "Basic a2hfb25lOg=="),),
            (("authorization", "Bearer kh_none"), ("authorization", "Bearer kh_one")),
            (("x-api-key", "kh_one"),),
        ],
    )
    async def test_without_a_known_token_nothing_is_told(self, closed: Rig, metadata: tuple[tuple[str, str]]) -> None:
        calls = [
            closed.summary.Summarize(ARTICLE, metadata=metadata),
            closed.translation.Translate(translation_pb2.TranslateRequest(texts=["a"]), metadata=metadata),
            closed.models.ListModels(model_pb2.ListModelsRequest(), metadata=metadata),
            closed.summary.SummarizeStream(iter([]), metadata=metadata).read(),
        ]
        for call in calls:
            failure = await refused(call)
            assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
            assert "kh_" not in failure.message
        assert closed.core.contexts == []
        # Who guesses stands in the log.
        assert {call.caller for call, _, _ in closed.observer.calls} == {"127.0.0.1"}
        reflection = reflection_pb2_grpc.ServerReflectionStub(closed.channel)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            # No request is sent: of one that meets the refusal on its way gRPC's client says INTERNAL.
            await reflection.ServerReflectionInfo(metadata=metadata, timeout=30).read()
        assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED

    async def test_a_known_token_names_the_caller(self, closed: Rig) -> None:
        for name, secret in self.secrets.items():
            await closed.summary.Summarize(ARTICLE, metadata=(("authorization", f"bearer {secret}"),))
            assert closed.core.contexts[-1].caller == name
        assert len(await _services(closed, (("authorization", "Bearer kh_two"),))) == 5

    async def test_health_needs_none(self, closed: Rig) -> None:
        answer = await health_of(closed).Check(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
        assert answer.status == SERVING


async def test_one_callers_quota_is_not_anothers(make_rig: MakeRig) -> None:
    hashes = {"a": hash_of_token("A"), "b": hash_of_token("B")}
    rig: Rig = await make_rig(  # type: ignore[misc]
        FakeCore(),
        authenticator=Authenticator(hashes),
        admission_limits=AdmissionLimits(requests_per_minute=3),
    )
    for _ in range(3):
        await rig.summary.Summarize(ARTICLE, metadata=(("authorization", "Bearer A"),))
    failure = await refused(rig.summary.Summarize(ARTICLE, metadata=(("authorization", "Bearer A"),)))
    assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED")
    assert failure.retry_after_s is not None
    assert 15 < failure.retry_after_s <= 20
    await rig.summary.Summarize(ARTICLE, metadata=(("authorization", "Bearer B"),))


async def test_what_is_done_before_the_core_knows_the_request_is_done_for_its_caller(make_rig: MakeRig) -> None:
    seen: list[str] = []

    class Core(FakeCore):
        async def detect(self, *arguments: Any, **options: Any) -> str | None:
            seen.append(work_caller.get())
            return await super().detect(*arguments, **options)

    rig: Rig = await make_rig(Core(), authenticator=Authenticator({"news": hash_of_token("N")}))  # type: ignore[misc]
    request = translation_pb2.TranslateRequest(texts=[ARABIC], target_language_code="en")
    await rig.translation.Translate(request, metadata=(("authorization", "Bearer N"),))
    assert seen == ["news"]


async def test_an_address_in_use_is_an_error(rig: Rig) -> None:
    second = ApiServer(core=FakeCore(), observer=Recorder(), lifecycle=Lifecycle())
    with pytest.raises(OSError, match="cannot listen"):
        await second.start([rig.address])


async def _services(rig: Rig, metadata: tuple[tuple[str, str], ...] = ()) -> list[str]:
    stub = reflection_pb2_grpc.ServerReflectionStub(rig.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    names: list[str] = []
    async for response in stub.ServerReflectionInfo(iter([request]), metadata=metadata, timeout=30):
        names += [service.name for service in response.list_services_response.service]
    return names


async def _answer(call: object) -> object:
    return await call  # type: ignore[misc]


async def _until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)
