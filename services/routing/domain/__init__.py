"""The rules of routing: pure decisions, no input or output."""
