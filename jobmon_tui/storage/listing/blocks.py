"""How many ids are a block; known to triggers and queries alike, so that it never changes."""

from typing import Final

BLOCK: Final = 20_000
"""Ids. Of one or two blocks, those not counted yet, each look counts the rows. 5,000,000 ids: 250 blocks."""
