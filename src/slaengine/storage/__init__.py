"""Facts on disk: the log, and the read models made from it."""
