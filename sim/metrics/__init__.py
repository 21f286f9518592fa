"""What is measured of the ego each tick: time to collision, hazard onset, contact, goal."""
