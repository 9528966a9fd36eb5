"""What an execution is, and the rules: standard library only."""
