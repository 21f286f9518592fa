"""Gymnasium environments over a batch of worlds."""
