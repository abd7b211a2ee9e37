"""What routing is set up with, read from files and the environment."""
