"""OpenDRIVE files."""
