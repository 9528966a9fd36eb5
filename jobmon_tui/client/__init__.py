"""The same services over HTTP, for dashboards and scripts far from the database."""
