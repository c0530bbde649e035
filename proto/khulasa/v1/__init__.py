"""Messages and stubs of the Khulasa API, generated from the protos beside them."""
