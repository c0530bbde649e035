# ruff: noqa: N802, ARG002 - gRPC fixes names and arguments of these methods
"""ModelService."""

from __future__ import annotations

from typing import Any

import grpc
from khulasa.server.api.convert_model import model_to_proto
from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import CoreSource
from khulasa.server.core.errors import ModelNotFoundError
from khulasa.v1 import model_pb2

__all__ = ["ModelServicer"]

_Context = grpc.aio.ServicerContext[Any, Any]


class ModelServicer:
    """Says which models are loaded."""

    def __init__(self, core: CoreSource, limits: RequestLimits) -> None:
        self._core, self._limits = core, limits

    async def ListModels(self, request: model_pb2.ListModelsRequest, context: _Context) -> model_pb2.ListModelsResponse:
        """Every model, in the order of the configuration."""
        with self._core.lend() as core:
            return model_pb2.ListModelsResponse(models=[model_to_proto(one, self._limits) for one in core.models])

    async def GetModel(self, request: model_pb2.GetModelRequest, context: _Context) -> model_pb2.GetModelResponse:
        """One model by name."""
        with self._core.lend() as core:
            for model in core.models:
                if model.name == request.name:
                    return model_pb2.GetModelResponse(model=model_to_proto(model, self._limits))
            known = ", ".join(model.name for model in core.models)
        raise ModelNotFoundError(f"no model of that name; loaded are: {known}")
