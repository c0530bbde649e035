"""Flags that tell a reader what not to rely on, and what is tried against them."""
