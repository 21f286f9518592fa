"""Data sets, labels, videos and traces as files."""
