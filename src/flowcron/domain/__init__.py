"""What flowcron is about, without files, clock, processes, network or logging."""
