"""Sensors other than cameras: lidar and radar, cast through the renderer's scene."""
