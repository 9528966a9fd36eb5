"""The HTTP API: the same services as every other face's, and nothing else."""
