"""`khulasa-server archive`: a file of articles in, a folder of aligned summaries out, on one machine, without gRPC."""
