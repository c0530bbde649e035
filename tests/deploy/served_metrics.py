"""What Prometheus finds of a server."""

from __future__ import annotations

import dataclasses
from functools import cache

import grpc
from khulasa.server.api.calls import Call
from khulasa.server.api.ports import ModelDescription, ModelKind
from khulasa.server.core.errors import OverloadedError
from khulasa.server.core.translation.cache import CacheStats
from khulasa.server.core.translation.scheduling.scheduler import BatchReport, SchedulerStats
from khulasa.server.core.translation.types import QualityFlag, StageTimings
from khulasa.server.observability import Observability

__all__ = ["TARGET_LABELS", "exposed"]

METHOD = "/khulasa.v1.SummaryService/Summarize"
# Prometheus itself adds these to whatever it scrapes.
TARGET_LABELS = {"instance", "job"}


@cache
def exposed() -> dict[str, set[str]]:
    """Labels of every sample that Prometheus has of a server after a call of each kind, by the sample's name."""
    observability = Observability()
    with observability.in_flight(METHOD):
        observability.finished(Call(METHOD, "r"), grpc.StatusCode.OK, None)
    observability.finished(Call(METHOD, "r"), grpc.StatusCode.RESOURCE_EXHAUSTED, OverloadedError("no", 1))
    observability.answered(METHOD, StageTimings(1, 2, 3), [QualityFlag.EMPTY], "m")
    observability.watch_certificates(lambda: 1.0, lambda: False)
    observability.serving([ModelDescription("m", "1", "a" * 64, ModelKind.TRANSLATION)])
    queue = {field.name: 0 for field in dataclasses.fields(SchedulerStats)} | {"rejections": {"tokens": 1}}
    cached = {field.name: 0 for field in dataclasses.fields(CacheStats)}
    observability.decoder.watch(lambda: SchedulerStats(**queue), lambda: CacheStats(**cached), held_tokens_bound=1_000)
    observability.decoder.batch(BatchReport(segments=4, tokens=90, fill=0.9, seconds=0.2, failed=False))
    labels = {"up": set(TARGET_LABELS)}
    for family in observability.registry.collect():
        for sample in family.samples:
            labels.setdefault(sample.name, set(TARGET_LABELS)).update(sample.labels)
    return labels
