"""What people do with a case: each action is a value, and a rule that takes or refuses it."""
