"""Asks a server for its health, as a container's health check does."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

__all__ = ["health_status"]


def health_status(address: str, service: str, timeout_s: float, trusted: bytes | None = None) -> str:
    """Name of the serving status, or of the gRPC code when there was no answer.

    Args:
        trusted: PEM certificates to trust; None asks in plain text.
    """
    if trusted is None:
        channel = grpc.insecure_channel(address)
    else:
        channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(trusted))
    with channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(service=service), timeout=timeout_s
            )
        except grpc.RpcError as error:
            return error.code().name if isinstance(error, grpc.Call) else "UNKNOWN"
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
