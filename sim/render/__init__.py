"""The ray tracer: worlds to pictures and labels on the device."""
