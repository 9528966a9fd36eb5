"""The dashboard as lines and prompts: for screen readers, braille displays and dumb terminals."""
