"""Telling people: what is said, and the short-lived process that says it."""
