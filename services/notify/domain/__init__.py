"""Who gets which message, and how a message gets from recorded to final; pure."""
