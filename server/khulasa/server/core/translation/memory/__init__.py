"""Approved translations in one SQLite file, and TMX, in which they come and go."""
