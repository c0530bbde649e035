"""Who is decoded next, with whom, and what may enter the queue."""
