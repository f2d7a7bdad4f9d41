"""What SIGKILL at random moments leaves behind."""
