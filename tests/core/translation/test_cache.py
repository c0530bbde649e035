"""The cache against a plain model of it."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st
from khulasa.server.core.translation.cache import SegmentCache

# What one entry is counted for beyond its value.
OVERHEAD = 600


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 900)), max_size=60))
def test_it_holds_the_most_recently_used_that_fit(steps: list[tuple[bool, int, int]]) -> None:
    bound = 3_000
    cache: SegmentCache[int] = SegmentCache(bound, lambda value: value)
    model: OrderedDict[int, int] = OrderedDict()
    hits = misses = 0
    for is_put, key, value in steps:
        if is_put:
            cache.put(key, value)
            model.pop(key, None)
            model[key] = value
            while sum(model.values()) + OVERHEAD * len(model) > bound:
                model.popitem(last=False)
        else:
            assert cache.get(key) == model.get(key)
            hits, misses = hits + (key in model), misses + (key not in model)
            if key in model:
                model.move_to_end(key)
    stats = cache.stats()
    assert stats.bytes == sum(model.values()) + OVERHEAD * len(model) <= bound
    assert (stats.entries, stats.hits, stats.misses) == (len(model), hits, misses)


def test_a_value_larger_than_the_bound_throws_nothing_out() -> None:
    cache: SegmentCache[int] = SegmentCache(2_000, lambda value: value)
    cache.put("small", 10)
    cache.put("large", 5_000)
    assert cache.get("small") == 10
    assert cache.get("large") is None


def test_without_memory_there_is_no_cache() -> None:
    cache: SegmentCache[int] = SegmentCache(0, lambda value: value)
    cache.put("a", 1)
    assert cache.get("a") is None
    assert cache.stats().misses == 0
