"""What is to be told to whom, and how a message gets from recorded to settled; pure."""
