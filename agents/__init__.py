"""Drivers and learning algorithms, one file each; run from the checkout: ``python -m agents.sb3 --help``."""
