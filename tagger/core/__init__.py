"""Types, errors, options, text and timings for all packages; imports only the standard library."""
