"""Scenario files and what they mean."""
