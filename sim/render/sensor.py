"""The sensor: from light to digital numbers, by the linear model of EMVA Standard 1288.

A pixel collects a Poisson number of electrons (shot noise), more or fewer by its own gain (PRNU); dark noise and the pixel's own offset
(DSNU) come on top, and the converter rounds. Without a mosaic (`sim.render.mosaic`) each colour of a pixel is a photosite of its own.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import warp as wp

from sim.cameras import CameraConfig
from sim.random import purpose_key
from sim.render.draws import Key, normals, philox, poisson
from sim.render.mosaic import mosaic_code
from sim.types import Scene

wp.set_module_options({"enable_backward": False, "max_unroll": 1})

WHITE = 4.0
"""Exposed light (the mean is near 0.19) at which the well is full."""
PURPOSE, PATTERN = purpose_key("camera noise"), purpose_key("camera pattern")


@wp.struct
class Chip:
    """Sensors, (ncamera,) each."""

    full_well: wp.array[float]
    """[electrons]; 0: no noise."""
    read_noise: wp.array[float]
    """[electrons]."""
    prnu: wp.array[float]
    dsnu: wp.array[float]
    """[electrons]."""
    levels: wp.array[float]
    """Greatest digital number."""
    full_gain: wp.array[float]
    """Exposure gain up to which the exposure time is raised."""
    mosaic: wp.array[int]
    """`sim.render.mosaic.mosaic_code`."""


def set_chip(out: Chip, cameras: Sequence[CameraConfig], device: wp.DeviceLike) -> None:
    """Write the cameras' sensors, into the arrays that are there or new ones."""
    rows = [c.sensor for c in cameras]
    values = {
        name: [0.0 if s is None else float(getattr(s, name)) for s in rows]
        for name in ("full_well", "read_noise", "prnu", "dsnu", "full_gain")
    }
    values["levels"] = [0.0 if s is None else float((1 << s.bits) - 1) for s in rows]
    for name, row in values.items():
        if getattr(out, name) is None:
            setattr(out, name, wp.zeros(len(rows), dtype=float, device=device))
        getattr(out, name).assign(np.array(row, np.float32))
    codes = np.array([0 if s is None else mosaic_code(s.mosaic) for s in rows], np.int32)
    if out.mosaic is None:
        out.mosaic = wp.zeros(len(rows), dtype=int, device=device)
    out.mosaic.assign(codes)


@wp.func(inline=True)
def sensed(
    chip: Chip, scene: Scene, tick: int, world: int, camera: int, number: int, pixel: int, c: wp.vec3, gain: float
) -> wp.vec3:
    """Exposed light as a sensor measures it.

    ``c``: light after its gain, ``gain``: how much that was; ``number``: the camera's place in the rig, ``pixel``: the pixel's.
    """
    well = chip.full_well[camera]
    if well == 0.0:
        return c
    key = Key()
    key.seed = scene.seed[world]
    key.world = scene.world_key[world]
    key.purpose = wp.uint32(wp.static(PURPOSE)) ^ wp.uint32(number)
    key.moment = wp.uint32(tick) ^ (wp.uint32(scene.episode[world]) << wp.uint32(16))
    own = Key()
    own.seed = key.seed
    own.purpose = wp.uint32(wp.static(PATTERN)) ^ wp.uint32(number)
    shot = normals(philox(key, pixel, 0))
    dark = normals(philox(key, pixel, 1))
    u = philox(key, pixel, 2)
    response = normals(philox(own, pixel, 0))
    offset = normals(philox(own, pixel, 1))
    # Once the exposure time is at its longest, the gain makes white of fewer electrons.
    filled = well * wp.min(1.0, chip.full_gain[camera] / wp.max(gain, 1.0e-6))
    out = wp.vec3(0.0, 0.0, 0.0)
    for k in range(3):
        mean = wp.clamp(c[k] / wp.static(WHITE), 0.0, 1.0) * filled * wp.max(1.0 + chip.prnu[camera] * response[k], 0.0)
        electrons = poisson(mean, u[k], shot[k]) + chip.read_noise[camera] * dark[k] + chip.dsnu[camera] * offset[k]
        number_of = wp.round(electrons / filled * chip.levels[camera])
        out[k] = wp.clamp(number_of / chip.levels[camera], 0.0, 1.0) * wp.static(WHITE)
    return out
