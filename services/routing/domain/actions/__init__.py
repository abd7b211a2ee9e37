"""What people do with a case: one file for actions that belong together, one table of all of them."""
