"""`flowcron doctor`: what is wrong here, found by small checks, each about one thing."""
