"""The gallery in the browser, and the HTTP API under it. Needs the extra `web`."""
