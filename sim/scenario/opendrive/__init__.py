"""ASAM OpenDRIVE files as road networks."""

from sim.scenario.opendrive.reader import load_opendrive

__all__ = ["load_opendrive"]
