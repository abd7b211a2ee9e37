"""Rooms as processes on the real stack."""
