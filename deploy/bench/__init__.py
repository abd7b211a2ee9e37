"""What Redress costs, measured beside floors that do the same traffic without it."""
