"""Everything that fills the screen."""
