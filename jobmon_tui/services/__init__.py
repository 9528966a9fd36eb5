"""The use cases. Each opens one transaction, calls a rule, commits once."""
