"""Vehicle dynamics, contacts and free bodies."""
