"""Swerve: rare and dangerous road scenarios, simulated and rendered in batches."""

__version__ = "0.1.0"
