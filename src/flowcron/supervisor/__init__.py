"""The process that owns every job's process and outlives the scheduler; standard library only."""
