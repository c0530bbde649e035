"""The current OpenTelemetry span, named to the server. OpenTelemetry is no dependency: it is used if it is in use."""

from __future__ import annotations

import sys

__all__ = ["trace_metadata"]


def trace_metadata() -> tuple[tuple[str, str], ...]:
    """W3C `traceparent`, and `tracestate` if there is one; nothing without a current span."""
    # Whoever has a current span has imported this; nobody else is made to wait for an import.
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return ()
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ()
    parent = f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
    state = context.trace_state.to_header() if context.trace_state else ""
    return (("traceparent", parent), *((("tracestate", state),) if state else ()))
