"""The dashboard in a browser: one page, one WebSocket, and a process for each visitor."""
