"""Long lists: which rows a filter lets through, in pages, and how many, by the counts of blocks."""
