"""The common."""
