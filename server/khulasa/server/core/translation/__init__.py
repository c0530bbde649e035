"""Segments in, faithful translations out: tokenizer, engine, scheduler, glossary, quality, alignment."""
