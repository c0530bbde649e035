"""Client for Khulasa."""
