"""When a limit is used up: moments, public days, working time, limits, and the terms of one deadline."""
