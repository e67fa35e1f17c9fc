"""Builds the real parts and wires them: the scheduler, a foreground run, a question to either."""
