"""HTML: pages read into blocks of text with exact offsets, and put together again round their translations."""
