"""Article -> parts -> paragraphs -> sentences -> segments, with exact offsets into the caller's text."""
