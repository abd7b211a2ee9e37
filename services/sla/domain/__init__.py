"""What the deadlines of a case are: pure decisions about time."""
