"""Numbers of a pair: found in both texts, with their units, and compared."""
