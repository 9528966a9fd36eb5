"""The dashboard, on Textual."""
