"""How answers of Ray are read: what is a lost worker, what stops the job. Ray itself is stood in for by its errors."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from khulasa.server.archive.cluster import WorkerLostError
from khulasa.server.archive.errors import ArchiveError
from khulasa.server.archive.ray_workers import RayWorker


class RayError(Exception):
    pass


class ActorDiedError(RayError):
    pass


class RayTaskError(RayError):
    def __init__(self, cause: Exception) -> None:
        super().__init__(f"ray::NodeWork {cause}")
        self.cause = cause


class Method:
    """Of an actor: answers, or fails at once or when it is waited for."""

    def __init__(self, answer: object, *, at_once: bool = False) -> None:
        self.answer, self.at_once = answer, at_once

    def remote(self, *arguments: object) -> Any:
        if self.at_once and isinstance(self.answer, Exception):
            raise self.answer

        async def wait() -> object:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer, arguments

        return wait()


def worker(answer: object, *, at_once: bool = False, kill: Exception | None = None) -> RayWorker:
    def end(actor: object) -> None:
        if kill is not None:
            raise kill

    errors = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)
    method = Method(answer, at_once=at_once)
    actor = SimpleNamespace(prepare=method, summarize=method)
    return RayWorker(SimpleNamespace(exceptions=errors, kill=end), actor)


def test_lines_go_out_and_the_answer_comes_back() -> None:
    assert asyncio.run(worker("rows").summarize(("a", "b"))) == ("rows", (("a", "b"),))  # type: ignore[arg-type, comparison-overlap]


@pytest.mark.parametrize("at_once", [True, False])
def test_an_actor_that_is_gone_is_a_lost_worker(at_once: bool) -> None:
    gone = worker(ActorDiedError("The actor died.\nits log, many lines"), at_once=at_once)
    for call in (gone.prepare(), gone.summarize(())):
        with pytest.raises(WorkerLostError) as caught:
            asyncio.run(call)
        assert str(caught.value) == "ActorDiedError: The actor died."


def test_what_a_worker_says_of_itself_stops_the_job_in_its_words() -> None:
    with pytest.raises(ArchiveError, match=r"^m: no model package is named 'x'$"):
        asyncio.run(worker(RayTaskError(ArchiveError("m: no model package is named 'x'"))).prepare())


def test_an_unexpected_fault_of_a_worker_is_named_and_never_quoted() -> None:
    with pytest.raises(ArchiveError, match="KeyError") as caught:
        asyncio.run(worker(RayTaskError(KeyError("a caller's text"))).summarize(()))
    assert "text" not in str(caught.value)


@pytest.mark.parametrize("error", [RuntimeError("not connected"), ValueError("no such actor"), ActorDiedError("gone")])
def test_a_worker_that_is_gone_can_be_ended(error: Exception) -> None:
    worker("any", kill=error).close()
