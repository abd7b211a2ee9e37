"""Messages to people: recorded before they are sent, retried until they are final."""
