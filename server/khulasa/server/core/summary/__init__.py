"""Which sentences of an article carry it: sentence encoder, salience, selection, key terms."""
