"""Reflection, with the methods that protobuf's own pool does not take for symbols."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection

__all__ = ["enable_reflection"]


class _Symbols:
    """A descriptor pool that finds what reflection.proto calls a symbol: `<package>.<service>[.<method>]` among others.

    `grpcurl describe khulasa.v1.SummaryService.Summarize` asks for one.
    """

    def __init__(self, pool: descriptor_pool.DescriptorPool) -> None:
        self._pool = pool

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802
        """The file of a symbol.

        Raises:
            KeyError: there is none.
        """
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            return self._pool.FindMethodByName(symbol).containing_service.file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


def enable_reflection(services: tuple[str, ...], server: grpc.aio.Server) -> None:
    """Describe services, and reflection itself, to whoever asks."""
    names = (*services, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server, _Symbols(descriptor_pool.Default()))
