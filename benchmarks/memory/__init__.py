"""How much memory it takes, at its peak and over a day."""
