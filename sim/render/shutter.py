"""Shutters: the scene at every moment at which a picture's rows see.

A rolling shutter reads a picture row by row, and all moves on meanwhile: each row has a moment of its own, with its own poses, trees and
views. The rows of moments stand one after another in the arrays that hold a single moment else, so kernels do not know of them.
"""

from __future__ import annotations

import numpy as np
import warp as wp

from sim.cameras import Shutter
from sim.render.camera import Cameras, Views, make_views, place_cameras
from sim.render.library import MeshLibrary
from sim.render.poses import Poses, _spread_poses
from sim.render.scene_bvh import Instances, SceneBvh
from sim.types import Scene


def row_moments(shutter: Shutter, height: int, exposed: float = 0.5) -> np.ndarray:
    """When each row sees, -1: at the shutter's first light, 0: at the frame's time, 1: at its last light.

    Args:
        shutter: The shutter.
        height: Rows of the picture; one moment serves all if it is not rolling.
        exposed: Which part of the row's exposure: 0 its beginning, 0.5 its middle, 1 its end.

    Returns:
        (height,) or (1,).
    """
    row = (np.arange(height) / max(height - 1, 1) - 0.5) if shutter.readout > 0.0 else np.zeros(1)
    time = row * shutter.readout + (exposed - 0.5) * shutter.exposure
    return time / max(shutter.half, 1e-9)


def shutter_times(shutter: Shutter, height: int, span: float | None = None) -> list[np.ndarray]:
    """`row_moments` in the middle of the exposure, then at the moments that motion blur averages.

    Args:
        shutter: The shutter.
        height: Rows of the picture.
        span: Time that -1 and 1 are before and after the frame [s]; None: half the shutter's run.
    """
    reach = 1.0 if span is None else shutter.half / max(span, 1e-9)
    n = shutter.moments if shutter.exposure > 0.0 else 0
    return [row_moments(shutter, height, exposed) * reach for exposed in (0.5, *((k + 0.5) / n for k in range(n)))]


def empty_poses(poses: Poses, nmoment: int) -> Poses:
    """Room for poses at several moments."""
    out = Poses()
    for name in Poses.vars:
        like = getattr(poses, name)
        shape = (like.shape[0] * nmoment, *like.shape[1:])
        setattr(out, name, wp.zeros(shape, dtype=like.dtype, device=like.device))
    return out


class Sweep:
    """Poses, instances and views at every moment of one frame's shutter.

    Args:
        library: Meshes, models and maps.
        scene: The batch's scene.
        poses: Of any frame, to start from.
        cameras: The renderer's.
        nmoment: How many moments.
    """

    def __init__(self, library: MeshLibrary, scene: Scene, poses: Poses, cameras: Cameras, nmoment: int) -> None:
        self.nmoment, self.nworld = nmoment, poses.pos.shape[0]
        device = poses.pos.device
        self._cameras = cameras
        self.when = wp.zeros(nmoment, dtype=float, device=device)
        self.poses = empty_poses(poses, nmoment)
        self._spread((poses, poses), poses)
        self.bvh = SceneBvh(library, scene, self.poses)
        self.views = make_views(self.nworld * nmoment, cameras.flags.shape[1], device)
        self._instances = [self.bvh.at(m) for m in range(nmoment)]
        self._views = [self._view(m) for m in range(nmoment)]

    def _view(self, moment: int) -> Views:
        out, rows = Views(), slice(moment * self.nworld, (moment + 1) * self.nworld)
        out.pos, out.rot = self.views.pos[rows], self.views.rot[rows]
        return out

    def _spread(self, ends: tuple[Poses, Poses], poses: Poses) -> None:
        dim = (self.nworld, self.nmoment, poses.pos.shape[1])
        inputs = [ends[0], poses, ends[1], self.when]
        wp.launch(_spread_poses, dim, inputs, [self.poses], device=poses.pos.device)

    def update(self, scene: Scene, ends: tuple[Poses, Poses], poses: Poses, when: wp.array) -> None:
        """Move to a frame: its poses, those at its shutter's ends, and moments (-1 .. 1) on the device; only launches."""
        wp.copy(self.when, when)
        self._spread(ends, poses)
        self.bvh.update(scene, self.poses)
        place_cameras(self._cameras, self.poses.pos, self.poses.rot, self.views)

    def instances(self, moment: int) -> Instances:
        """What stands where at a moment."""
        return self._instances[moment]

    def at(self, moment: int) -> Views:
        """Where the cameras are at a moment."""
        return self._views[moment]
