"""Labels of each actor in each picture: pixel counts, visible and amodal boxes, occlusion, truncation, 3D boxes.

The visible part is read from the instance image. The amodal part comes from rays through the same pixel centres, cast
against the actor's own meshes alone, so it holds every visible pixel. All sums are of integers: equal on every run.
"""

# pyright: reportIndexIssue=false, reportAssignmentType=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false
from __future__ import annotations

from typing import TYPE_CHECKING

import warp as wp

from sim.render.boxes import ActorLabels, _bound_actors, _bound_meshes, _count_visible, _finish_labels, spread_bound
from sim.render.camera import Cameras, Views, pixel_direction
from sim.render.frames import Renderer
from sim.render.keypoints import NKEYPOINT, _find_keypoints, _place_keypoints, make_keypoints
from sim.render.library import Geometry
from sim.render.options import RAYS
from sim.render.primary import Pixel
from sim.render.raycast import FAR, mesh_hit
from sim.render.scene_bvh import Instances
from sim.types import Scene

if TYPE_CHECKING:
    import numpy as np
    import torch

wp.set_module_options(RAYS | {"fuse_fp": False, "max_unroll": 1})

OUTSIDE_SAMPLES = 4096
"""About how many rays measure the part of an actor outside the picture."""
LANES = 256
"""Threads that share the pixels of an actor on CUDA."""
OUTPUTS = (
    "visible_count", "visible_box", "amodal_count", "amodal_box", "outside_count", "occlusion", "truncation",
    "box_center", "box_size", "box_pos", "box_rot", "camera_pos", "camera_rot", "corner",
)  # fmt: skip
"""The fields that are results; the others are working memory and masks."""
PER_WORLD = ("box_center", "box_size", "box_pos", "box_rot", "keypoint_3d")
"""Results that do not depend on the camera, (nworld, nactor, ...)."""


@wp.func
def near_box(o: wp.vec3, d: wp.vec3, lower: wp.vec3, upper: wp.vec3) -> bool:
    """Whether a ray comes within a millimetre of a box."""
    t0 = float(0.0)
    t1 = float(FAR)
    for axis in range(3):
        lo = lower[axis] - 1.0e-3 - o[axis]
        hi = upper[axis] + 1.0e-3 - o[axis]
        if wp.abs(d[axis]) < 1.0e-12:
            if lo > 0.0 or hi < 0.0:
                return False
        else:
            a = lo / d[axis]
            b = hi / d[axis]
            t0 = wp.max(t0, wp.min(a, b))
            t1 = wp.min(t1, wp.max(a, b))
    return t0 <= t1 * 1.00001 + 1.0e-6


@wp.func(inline=True)
def meets_actor(geo: Geometry, inst: Instances, world: int, actor: int, o: wp.vec3, d: wp.vec3) -> bool:
    """Whether a ray hits an actor's own meshes, whatever stands before them; a direction of no length hits nothing."""
    if wp.dot(d, d) == 0.0:
        return False
    for part in range(inst.part_capacity):
        slot = inst.first_actor + actor * inst.part_capacity + part
        row = world * inst.nslot + slot
        if inst.mesh[world, slot] >= 0:
            if near_box(o, d, inst.lower[row], inst.upper[row]):
                if mesh_hit(geo, inst, world, slot, o, d, FAR).slot >= 0:
                    return True
    return False


@wp.func(inline=True)
def covers(geo: Geometry, inst: Instances, cameras: Cameras, views: Views, px: Pixel, actor: int, moments: int) -> bool:
    """Whether an actor alone would cover a pixel, of the picture or beyond it; ``moments``: 1, or one for each row."""
    world = px.world
    camera = px.camera
    row = wp.clamp(px.row, 0, moments - 1) * cameras.flags.shape[0] + world
    d = views.rot[row, camera] * pixel_direction(cameras, world, camera, float(px.col), float(px.row))
    return meets_actor(geo, inst, row, actor, views.pos[row, camera], d)


@wp.kernel
def _cast_amodal(
    geo: Geometry, inst: Instances, cameras: Cameras, views: Views, instance: wp.array4d[wp.int32], lanes: int, out: ActorLabels
):  # fmt: skip
    """Reads geometry, instances, views, the instance image, rectangles. Writes amodal counts, bounds and masks, and the count outside."""
    world, camera, actor, lane = wp.tid()
    px = Pixel(world, camera, 0, 0)
    rect = out.rect[world, camera, actor]
    if rect[2] == 0 or rect[3] == 0:
        return
    height = instance.shape[2]
    width = instance.shape[3]
    # Every pixel of the picture first; then a grid of samples over the whole rectangle, of which those outside count.
    col0 = wp.max(rect[0], 0)
    row0 = wp.max(rect[1], 0)
    cols = wp.max(wp.min(rect[0] + rect[2], width) - col0, 0)
    rows = wp.max(wp.min(rect[1] + rect[3], height) - row0, 0)
    inside = cols * rows
    stride = int(wp.ceil(wp.sqrt(float(rect[2] * rect[3] - inside) / float(OUTSIDE_SAMPLES))))
    across = int(0)
    beyond = int(0)
    if stride > 0:
        across = (rect[2] + stride - 1) / stride
        beyond = across * ((rect[3] + stride - 1) / stride)
    count = int(0)
    outside = int(0)
    bound = wp.vec4i(1000000, 1000000, -1, -1)
    i = int(lane)
    while i < inside + beyond:
        if i < inside:
            col = col0 + i % cols
            row = row0 + i / cols
            # Where it is seen it is, whatever rounding makes of its edge.
            seen = instance[world, camera, row, col] == actor + 1
            px.row = row
            px.col = col
            if seen or covers(geo, inst, cameras, views, px, actor, out.moments):
                count += 1
                bound = wp.vec4i(
                    wp.min(bound[0], col), wp.min(bound[1], row), wp.max(bound[2], col), wp.max(bound[3], row)
                )
                if out.nword > 0:
                    layer = camera * out.nword + actor / 32
                    wp.atomic_or(out.amodal_mask, world, layer, row, col, wp.uint32(1) << wp.uint32(actor % 32))
        else:
            j = i - inside
            col = rect[0] + (j % across) * stride + stride / 2
            row = rect[1] + (j / across) * stride + stride / 2
            if col < 0 or row < 0 or col >= width or row >= height:
                px.row = row
                px.col = col
                if covers(geo, inst, cameras, views, px, actor, out.moments):
                    outside += stride * stride
        i += lanes
    if count > 0:
        wp.atomic_add(out.amodal_count, world, camera, actor, count)
        spread_bound(out.amodal_bound, world, camera, actor, bound[0], bound[1], bound[2], bound[3])
    if outside > 0:
        wp.atomic_add(out.outside_count, world, camera, actor, outside)


class Labeller:
    """Measures each actor in the pictures of a renderer; `measure` only launches and may be captured.

    Args:
        renderer: Its frames must hold ``instance``.
        masks: Whether to keep amodal masks too.
        keypoints: Whether to find people's keypoints too.
    """

    def __init__(self, renderer: Renderer, *, masks: bool = False, keypoints: bool = False) -> None:
        if "instance" not in renderer.frames.arrays:
            raise ValueError("labels of actors need the output 'instance'")
        self._renderer = renderer
        nworld, ncamera, height, width = renderer.frames.shape
        nactor = renderer.window.current.pos.shape[1]
        device = renderer.device
        self.lanes = LANES if device.is_cuda else 1
        shapes = {1: (nworld,), 2: (nworld, nactor), 3: (nworld, ncamera, nactor)}
        self.labels = ActorLabels()
        self.labels.nword = -(-nactor // 32) if masks else 0
        self.labels.moments = 1 if renderer.sweep is None else renderer.sweep.nmoment
        for name, var in ActorLabels.vars.items():
            if name in ("nword", "moments", "amodal_mask"):
                continue
            last = {"corner": 8, "visible_bound": 4, "amodal_bound": 4}.get(name, 0)
            shape = (nworld, ncamera, nactor, last) if var.type.ndim == 4 else shapes[var.type.ndim]
            setattr(self.labels, name, wp.zeros(shape, dtype=var.type.dtype, device=device))
        self.keypoints = make_keypoints(nworld, ncamera, nactor, device) if keypoints else None
        mask_shape = (nworld, ncamera * self.labels.nword, height, width) if masks else (1, 1, 1, 1)
        self.labels.amodal_mask = wp.zeros(mask_shape, dtype=wp.uint32, device=device)

    def measure(self, scene: Scene) -> None:
        """Label the pictures that `Renderer.render` made last."""
        r, out = self._renderer, self.labels
        instance, inst, poses = r.frames.arrays["instance"], r.bvh.instances, r.window.current
        views, device = r.views[1], r.device
        table = (inst, views, poses) if r.sweep is None else (r.sweep.bvh.instances, r.sweep.views, r.sweep.poses)
        shape, geometry = out.rect.shape, r.library.geometry
        inputs = [table[0], r.cameras, table[1], r.size]
        wp.launch(_bound_actors, dim=shape, inputs=inputs, outputs=[out], device=device)
        wp.launch(_count_visible, dim=instance.shape[:3], inputs=[instance], outputs=[out], device=device)
        if out.nword > 0:
            out.amodal_mask.zero_()
        inputs = [geometry, table[0], r.cameras, table[1], instance, self.lanes]
        wp.launch(_cast_amodal, dim=(*shape, self.lanes), inputs=inputs, outputs=[out], device=device)
        inputs = [geometry, scene, inst, poses, table[0], table[2]]
        wp.launch(_bound_meshes, dim=out.box_size.shape, inputs=inputs, outputs=[out], device=device)
        inputs = [r.cameras, views, table[2], table[1]]
        wp.launch(_finish_labels, dim=shape, inputs=inputs, outputs=[out], device=device)
        if self.keypoints is None:
            return
        lanes = int(NKEYPOINT) if device.is_cuda else 1
        known = r.library.keypoints
        wp.launch(_place_keypoints, (*shape[::2], lanes), [known, inst, lanes], [self.keypoints], device=device)
        inputs = [geometry, known, table[0], r.cameras, table[1], instance, lanes]
        wp.launch(_find_keypoints, (*shape, lanes), inputs, [self.keypoints], device=device)

    def torch(self) -> dict[str, torch.Tensor]:
        """The results as tensors on the same device and memory; vectors have a last axis."""
        return {name: wp.to_torch(array) for name, array in self._results().items()}

    def numpy(self) -> dict[str, np.ndarray]:
        """The results as NumPy arrays (copies if on CUDA)."""
        return {name: array.numpy() for name, array in self._results().items()}

    def _results(self) -> dict[str, wp.array]:
        found = {name: getattr(self.labels, name) for name in OUTPUTS}
        if self.keypoints is not None:
            k = self.keypoints
            found |= {"keypoint": k.pixel, "keypoint_seen": k.visibility, "keypoint_3d": k.point}
        return found

    def amodal_masks(self) -> np.ndarray:
        """Masks of all actors, bool (nworld, ncamera, nactor, height, width)."""
        if self.labels.nword == 0:
            raise ValueError("make the Labeller with masks=True")
        return unpack_masks(self.labels.amodal_mask.numpy(), self.labels.nword, self.labels.rect.shape[2])


def unpack_masks(words: np.ndarray, nword: int, nactor: int) -> np.ndarray:
    """Bits of ``ActorLabels.amodal_mask`` as bool (nworld, ncamera, nactor, height, width)."""
    import numpy as np

    nworld, layers, height, width = words.shape
    words = words.reshape(nworld, layers // nword, nword, height, width)
    return np.stack([(words[:, :, a // 32] >> np.uint32(a % 32)) & 1 for a in range(nactor)], axis=2).astype(bool)
