"""The `khulasa` command: standard library and the client, nothing else."""
