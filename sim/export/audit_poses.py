"""Where things are at the moments of a frame's rows: rays, points, poses between the recorded ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.cameras import CameraConfig
from sim.export.frames import FrameRenderer
from sim.render.lens import directions
from sim.rotation import inverse, rotate

Floats = npt.NDArray[np.floating]


def rays(renderer: FrameRenderer, shape: tuple[int, ...]) -> Floats:
    """Direction through every pixel in the camera frame, (height, width, 3), as `sim.render.lens.directions`."""
    return _rays(renderer.renderer.config.cameras[0], shape[0], shape[1])


@lru_cache(maxsize=16)
def _rays(camera: CameraConfig, height: int, width: int) -> Floats:
    col, row = np.meshgrid(np.arange(width), np.arange(height))
    return directions(camera, np.stack([col, row], -1))


def world_points(renderer: FrameRenderer, picture: Mapping[str, Any]) -> Floats:
    """Where each pixel's surface is in the world [m], (height, width, 3); not finite for sky."""
    depth, distance = (picture["arrays"][name].astype(float) for name in ("depth", "range"))
    pos, rot = (np.asarray(part, float) for part in picture["rows"])
    d = rays(renderer, depth.shape)
    d = d / np.linalg.norm(d, axis=-1, keepdims=True)
    # Plane depth says nothing of what a fisheye sees at its sides.
    ahead = np.abs(d[..., 2]) > 0.1
    seen = d * np.where(ahead, depth / np.where(ahead, d[..., 2], 1.0), distance)[..., None]
    return np.einsum("rij,rcj->rci", rot, seen) + pos[:, None]


def seen_at(renderer: FrameRenderer, row: npt.NDArray[Any]) -> Floats:
    """When rows see, as a share of the time from a frame to its poses before (-1) and after (1)."""
    camera, span = renderer.renderer.config.cameras[0], renderer.tracks.span
    if not span:
        return np.zeros(row.shape)
    return (row / max(camera.height - 1, 1) - 0.5) * camera.shutter.readout / span


def pose_at(renderer: FrameRenderer, frame: int, actor: int, when: Floats) -> tuple[Floats, Floats]:
    """Position and orientation of an actor at moments about a frame, (n, 3) and (n, 4)."""
    tracks = renderer.tracks.arrays
    names = ("before.", "", "after.") if renderer.tracks.span else ("", "", "")
    pos, rot = (np.array([tracks[n + field][frame, actor] for n in names], float) for field in ("pos", "rot"))
    rot *= np.where((rot * rot[1]).sum(-1, keepdims=True) < 0.0, -1.0, 1.0)
    end, share = np.where(when < 0.0, 0, 2), np.abs(when)[:, None]
    # Small turns: what is linear and made unit again is even to a millionth.
    turn = rot[1] * (1.0 - share) + rot[end] * share
    return pos[1] * (1.0 - share) + pos[end] * share, turn / np.linalg.norm(turn, axis=-1, keepdims=True)


def carried(
    renderer: FrameRenderer, actor: int, points: Floats, now: tuple[int, Floats], then: tuple[int, Floats]
) -> Floats:
    """World points (n, 3) of an actor that moves as a rigid body, from moments of a frame to those of another.

    Args:
        renderer: Of the world.
        actor: Its slot.
        points: Where they are now [m], (n, 3).
        now: Frame, and moments about it as `seen_at` tells them, (n,).
        then: The same of when to.
    """
    (p0, q0), (p1, q1) = (pose_at(renderer, frame, actor, when) for frame, when in (now, then))
    return rotate(q1, rotate(inverse(q0), points - p0)) + p1
