"""Who may sign in, and what a token says; without input or output."""
