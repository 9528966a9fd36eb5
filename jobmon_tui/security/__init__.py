"""Passwords, sessions, the keyring."""
