"""What goes into the store. Every function runs inside the caller's `Store.write` transaction."""
