"""jobmon-tui: see which report jobs failed and run them again, in a terminal."""
