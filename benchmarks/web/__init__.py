"""What the benchmark `web` is made of: the gallery as a process, and its clients, good and bad."""
