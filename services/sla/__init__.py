"""The clocks of every case."""
