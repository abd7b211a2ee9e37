"""Everything an operator touches: the local stack, policies, the console command."""
