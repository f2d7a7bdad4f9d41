"""Locks that allow one run and one bot at a time on a database: on this machine by files, on others by rows."""
