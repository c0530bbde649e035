"""Metrics of the queue and the decoder, read from the scheduler when they are scraped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:  # the scheduler brings the decoder's library, for which listening does not wait
    from khulasa.server.core.translation.cache import CacheStats
    from khulasa.server.core.translation.scheduling.scheduler import BatchReport, SchedulerStats

__all__ = ["DecoderMetrics"]

_SEGMENT_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128)
_FILL_BUCKETS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_SECONDS_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class DecoderMetrics(Collector):
    """Registers itself; shows nothing of the queue before `watch`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stats: Callable[[], SchedulerStats] | None = None
        self._cache: Callable[[], CacheStats] | None = None
        self._held_tokens_bound = 0
        self._segments = Histogram(
            "khulasa_batch_segments", "Segments decoded together.", buckets=_SEGMENT_BUCKETS, registry=registry
        )
        self._fill = Histogram(
            "khulasa_batch_fill",
            "Share of a batch's padded tokens that were real.",
            buckets=_FILL_BUCKETS,
            registry=registry,
        )
        self._seconds = Histogram(
            "khulasa_batch_seconds", "Time to decode a batch.", buckets=_SECONDS_BUCKETS, registry=registry
        )
        registry.register(self)

    def watch(
        self,
        stats: Callable[[], SchedulerStats],
        cache: Callable[[], CacheStats] | None = None,
        *,
        held_tokens_bound: int,
    ) -> None:
        """This scheduler and this cache are in use from now on; their counts start anew.

        Args:
            held_tokens_bound: Source tokens that may be accepted and not answered, > 0.
        """
        self._stats, self._cache, self._held_tokens_bound = stats, cache, held_tokens_bound

    def batch(self, report: BatchReport) -> None:
        """One batch ran; called by the decoder's threads."""
        self._segments.observe(report.segments)
        self._fill.observe(report.fill)
        self._seconds.observe(report.seconds)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus asks for."""
        if self._stats is None:
            return
        stats = self._stats()
        waiting = GaugeMetricFamily("khulasa_queue_tokens", "Source tokens that wait.", labels=["priority"])
        waiting.add_metric(["interactive"], stats.queued_tokens_interactive)
        waiting.add_metric(["bulk"], stats.queued_tokens_bulk)
        yield waiting
        for name, description, value in (
            ("queue_segments", "Segments that wait.", stats.queued_segments),
            ("running_segments", "Segments that are being decoded.", stats.running_segments),
            ("held_tokens", "Source tokens accepted and not answered.", stats.held_tokens),
            ("held_tokens_bound", "Source tokens that may be: the setting queue_tokens.", self._held_tokens_bound),
            ("held_bytes", "Memory of texts accepted and not answered.", stats.held_bytes),
            ("tokens_per_second", "Source tokens decoded a second while busy.", stats.tokens_per_s),
        ):
            yield GaugeMetricFamily(f"khulasa_{name}", description, value)
        for name, description, value in (
            ("decoded_batches", "Batches decoded.", stats.batches),
            ("decoded_segments", "Segments decoded.", stats.segments),
            ("decoded_tokens", "Source tokens decoded.", stats.tokens),
            ("shared_segments", "Segments that another request was decoding already.", stats.shared_segments),
            ("cancelled_segments", "Segments whose caller gave up.", stats.cancelled_segments),
            ("expired_segments", "Segments whose deadline passed in the queue.", stats.expired_segments),
            ("failed_segments", "Segments that the decoder failed on.", stats.failed_segments),
            ("decoder_restarts", "Decoder threads that died and were replaced.", stats.worker_restarts),
        ):
            yield CounterMetricFamily(f"khulasa_{name}", description, value)
        refused = CounterMetricFamily("khulasa_queue_refusals", "Requests that the queue refused.", labels=["bound"])
        for bound, count in sorted(stats.rejections.items()):
            refused.add_metric([bound], count)
        yield refused
        if self._cache is not None:
            yield from _of_cache(self._cache())


def _of_cache(stats: CacheStats) -> Iterator[Metric]:
    yield GaugeMetricFamily("khulasa_cache_entries", "Translations kept.", stats.entries)
    yield GaugeMetricFamily("khulasa_cache_bytes", "Memory of the translations kept.", stats.bytes)
    lookups = CounterMetricFamily("khulasa_cache_lookups", "Segments looked up in the cache.", labels=["result"])
    lookups.add_metric(["hit"], stats.hits)
    lookups.add_metric(["miss"], stats.misses)
    yield lookups
