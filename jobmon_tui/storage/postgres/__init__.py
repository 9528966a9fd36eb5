"""PostgreSQL: connections, units of work and what only it can do."""
