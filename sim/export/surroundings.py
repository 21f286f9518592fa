"""Labels of what lies around the ego, seen or not: raster from above, occupancy, lane lines, drivable area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sim.export.lane_lines import drivable_polygons, frame_lines, network_lines
from sim.render.birds_eye import BirdsEye
from sim.render.frames import Renderer
from sim.render.probe import see_points
from sim.render.voxels import Voxels
from sim.road.network import RoadNetwork

LIFTED = np.array([0.0, 0.0, 0.05])
"""Points of lines are looked for so far above the road: its mesh is not exact to a hair, and cameras see it at flat angles [m]."""


class Surroundings:
    """Measures what a data set wants of it.

    Args:
        renderer: Of the one world.
        outputs: Names of `sim.export.outputs.OUTPUTS`.
        network: The world's roads.
    """

    def __init__(self, renderer: Renderer, outputs: Sequence[str], network: RoadNetwork) -> None:
        self._renderer, self._outputs = renderer, outputs
        lines = "lane_lines" in outputs
        self._birds_eye = BirdsEye(renderer) if lines or "bev" in outputs else None
        self._voxels = Voxels(renderer) if "occupancy" in outputs else None
        self._lines = network_lines(network) if lines else []

    def measure(self, *, once: bool = True) -> dict[str, Any]:
        """``bev``, ``occupancy``, ``lane_lines`` of the last picture's moment, as far as they are wanted.

        Args:
            once: Whether to measure what does not depend on the camera even if nothing else needs it.
        """
        out: dict[str, Any] = {}
        if self._birds_eye is not None and (once or "lane_lines" in self._outputs):
            grid = self._birds_eye.measure()
            layers = {k: getattr(grid, k).numpy()[0].copy() for k in ("ground", "part", "semantic", "instance")}
            layers["instance"] = layers["instance"].astype(np.uint16)
            out["bev"] = layers
            if "lane_lines" in self._outputs:
                out["lane_lines"] = self._line_labels(layers["part"], grid.half, grid.cell)
        if self._voxels is not None:
            grid = self._voxels.measure()
            out["occupancy"] = {k: getattr(grid, k).numpy()[0].copy() for k in ("semantic", "observed")}
        return out

    def _line_labels(self, part: np.ndarray, half: float, cell: float) -> dict[str, Any]:
        poses = self._renderer.window.current
        pos, rot = (a.numpy()[0, 0].astype(float) for a in (poses.pos, poses.rot))

        def visible(points: np.ndarray) -> np.ndarray:
            pixel, seen = see_points(self._renderer, points + LIFTED)
            return seen & ~np.isnan(pixel).any(1)

        return {
            "lane_lines": frame_lines(self._lines, pos, rot, visible),
            "drivable_area": drivable_polygons(part, half, cell),
        }
