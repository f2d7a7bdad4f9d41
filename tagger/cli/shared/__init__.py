"""Commands for many photos: a run shared among processes and machines, and a database that they share."""
