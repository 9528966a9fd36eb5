"""What goes over the line: the JSON forms that the server writes and its clients read."""
