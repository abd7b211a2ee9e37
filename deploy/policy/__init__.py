"""What an operator does with policies at the console: check, compare, publish, replay, re-base."""
