"""What the shipped policies make of cases, as the papers ask for it."""
