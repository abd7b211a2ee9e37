"""Cases: severity, ownership, the ladder and the actions of people."""
