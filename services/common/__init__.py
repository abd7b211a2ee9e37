"""The hallway: what three rooms or more use, without a business word."""
