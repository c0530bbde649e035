"""The room's face, and the way of a segment through it."""
