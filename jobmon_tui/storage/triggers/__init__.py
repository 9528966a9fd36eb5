"""What the databases themselves see to, as SQL."""
