"""What runs by itself: the jobs, the clock that starts them, and watched folders."""
