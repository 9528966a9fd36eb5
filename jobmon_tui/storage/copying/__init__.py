"""Everything of one database, copied into another."""
