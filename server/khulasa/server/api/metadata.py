"""The bound on a call's metadata, held where gRPC does not hold it.

gRPC refuses metadata above its bound only on a connection whose client has acknowledged the server's SETTINGS. For
whoever never does, the bound is 16 MiB, with some calls refused by lot: half a million fields, each a byte on the wire
and a Python object in the event loop. So the first look at a call counts its fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc

__all__ = ["METADATA_BYTES", "is_too_large", "refusing"]

# A signed token may be long.
METADATA_BYTES = 16 * 1024
# What HTTP/2 counts for a field besides its name and value (RFC 9113, 6.5.2).
_FIELD_BYTES = 32


def is_too_large(metadata: Sequence[tuple[Any, Any]] | None) -> bool:
    """Whether gRPC would have refused it; looks at no field where there are too many."""
    fields = metadata or ()
    if len(fields) * _FIELD_BYTES > METADATA_BYTES:
        return True
    return sum(len(name) + len(value) + _FIELD_BYTES for name, value in fields) > METADATA_BYTES


def refusing() -> grpc.RpcMethodHandler[Any, Any]:
    """A handler that refuses as gRPC does and never asks for the metadata: each time that makes all of it anew."""

    async def refuse(_: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"metadata of more than {METADATA_BYTES:,} bytes")

    return grpc.stream_stream_rpc_method_handler(refuse)
