"""Names of a pair: which words may be names, how they sound or are translated, and which have no counterpart."""
