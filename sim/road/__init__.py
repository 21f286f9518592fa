"""The road network: geometry, lanes, look-ups on the device, and its surface mesh."""
