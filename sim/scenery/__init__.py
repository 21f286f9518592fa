"""What stands beside the roads of a map, by setting: where, what it looks like, and what of it stops a body."""
