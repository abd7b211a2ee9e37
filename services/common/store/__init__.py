"""Documents and their one write path: a pure function decides, and the write wins only if nobody was faster."""
