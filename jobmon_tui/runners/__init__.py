"""What an execution does when it runs."""
