"""The history file: what ran, what did not and why, in one SQLite database."""
