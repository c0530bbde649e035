"""What Khulasa computes, without transport: no grpc, no protobuf, no environment."""
