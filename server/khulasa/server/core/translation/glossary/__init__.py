"""Required translations: found in the source, put into the target."""
