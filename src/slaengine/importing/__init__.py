"""Other people's tables, turned into facts by a mapping."""
