"""Scheduled jobs, their schedule, and watched folders."""
