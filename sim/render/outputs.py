"""Pictures and labels of every camera of every world, as arrays on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import warp as wp

from sim.render.label_images import OUTPUT_BITS

if TYPE_CHECKING:
    import torch

DTYPES = {
    "rgb": wp.vec3ub,
    "depth": wp.float32,
    "range": wp.float32,
    "semantic": wp.uint8,
    "instance": wp.int32,
    "normal": wp.vec3,
    "flow": wp.vec2,
    "flow_occluded": wp.uint8,
    "flow_back": wp.vec2,
    "flow_back_occluded": wp.uint8,
    "panoptic": wp.int32,
    "part": wp.uint8,
    "lane": wp.uint8,
    "drivable": wp.uint8,
    "anomaly": wp.uint8,
    "lamp": wp.uint8,
    "normal_world": wp.vec3,
    "albedo": wp.vec3,
    "hdr": wp.vec3,
    "scene_flow": wp.vec3,
}
"""Element type of every output; each is (nworld, ncamera, height, width), vectors add an axis in torch and NumPy."""


class Frames:
    """The outputs of `Renderer`, one array each: ``frames.arrays["rgb"]``, or as torch tensors of the same memory.

    rgb uint8 sRGB; depth and range [m], inf for sky; semantic `sim.render.mesh.Semantic`; instance: slot + 1, or 0;
    normal in the camera frame; flow and flow_back [pixels] to the next and previous frame, with their occlusion masks; albedo linear;
    hdr: linear light before exposure; scene_flow to the next frame in the world frame [m]; the others: `sim.render.class_images`.

    Args:
        outputs: Names of `DTYPES` without the masks, which come with their flow.
        shape: (nworld, ncamera, height, width).
        device: Warp device.
    """

    def __init__(self, outputs: Sequence[str], shape: tuple[int, int, int, int], device: wp.DeviceLike) -> None:
        unknown = sorted(set(outputs) - set(OUTPUT_BITS))
        if unknown:
            raise ValueError(f"unknown outputs {unknown}; there are {list(OUTPUT_BITS)}")
        self.outputs = tuple(outputs)
        self.shape = shape
        self.wanted = sum(OUTPUT_BITS[name] for name in set(outputs))
        names = [n for n in DTYPES if n in outputs or n.removesuffix("_occluded") in outputs]
        self.arrays = {name: wp.zeros(shape, dtype=DTYPES[name], device=device) for name in names}

    def torch(self) -> dict[str, torch.Tensor]:
        """Every output as a tensor on the same device and memory; vectors have a last axis."""
        return {name: wp.to_torch(array) for name, array in self.arrays.items()}

    def numpy(self) -> dict[str, np.ndarray]:
        """Every output as a NumPy array (a copy if on CUDA)."""
        return {name: array.numpy() for name, array in self.arrays.items()}

    def worlds(self, start: int, stop: int) -> Frames:
        """Views of some worlds, for a renderer of their own."""
        view = object.__new__(Frames)
        view.outputs, view.wanted = self.outputs, self.wanted
        view.shape = (stop - start, *self.shape[1:])
        view.arrays = {name: array[start:stop] for name, array in self.arrays.items()}
        return view
