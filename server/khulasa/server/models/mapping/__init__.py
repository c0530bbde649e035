"""Vocabulary maps: which target pieces a translation may need, so that the others are not scored."""
