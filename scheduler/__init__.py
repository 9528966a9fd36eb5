"""A small asyncio engine that claims, runs and finishes: it knows no database, no screen and no report."""
