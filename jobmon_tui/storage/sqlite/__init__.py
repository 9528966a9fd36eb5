"""SQLite: one file, its connections and units of work."""
