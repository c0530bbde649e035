"""The only room that knows grpc: servicers, conversion, interceptors, health."""
