"""One process: its settings, clock, logs, health and metrics, and how it starts, waits, fails and ends."""
