"""What the clocks of a case are: pure decisions about time."""
