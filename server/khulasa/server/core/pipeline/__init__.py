"""Article -> aligned bilingual summary: reads, selects, translates what is needed, pairs."""
