"""Who may ask for what: logins, tokens, and the checks that every request passes."""
