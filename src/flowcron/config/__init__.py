"""schedules.toml: where it is, what it may say, and every mistake in it at once."""
