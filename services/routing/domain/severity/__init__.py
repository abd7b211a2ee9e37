"""Severity: which criteria a complaint meets, by its words, its channel, its flags and the operator's ticks."""
