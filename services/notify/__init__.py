"""Messages to people: recorded before they are sent, retried, settled."""
