"""What every key of schedules.toml may be; the only package that knows pydantic."""
