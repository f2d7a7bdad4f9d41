"""Photos as a gallery shows them: by date, on a map, by landmark, and one by one."""
