"""The deadlines of every case."""
