"""Settings: their sources and types, and the times of jobs."""
