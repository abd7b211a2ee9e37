"""The hallway."""
