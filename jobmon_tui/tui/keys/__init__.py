"""Keys: what an action is called in the settings, which keys it has, and which of them clash."""
