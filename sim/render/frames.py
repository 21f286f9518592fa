"""Pictures and labels of every camera of every world, as arrays on the device; and the renderer that fills them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import warp as wp

from sim.config import CameraConfig, RenderConfig
from sim.render.albedo import _write_albedo
from sim.render.camera import Cameras, Views, make_cameras, make_views, place_cameras
from sim.render.chase import clear_views
from sim.render.class_images import ActorFacts, ClassImages, _write_classes
from sim.render.colour import Buffers, Plan, _mark_contrast, _trace_colour, make_buffers
from sim.render.denoise import denoise
from sim.render.drawing import _draw_hits
from sim.render.fast import ASKED, Shown, _ask_sun, _shade_hits
from sim.render.flow import ViewPair, _follow_pixels
from sim.render.hidden import _hide_pixels
from sim.render.label_images import (
    ALBEDO,
    CLASSES,
    FLOW,
    FLOW_BACK,
    GEOMETRY,
    HDR,
    OUTPUT_BITS,
    RGB,
    SCENE_FLOW,
    Labels,
    _write_labels,
)
from sim.render.library import MeshLibrary
from sim.render.lights import gather_lights, make_lights
from sim.render.poses import Poses, PoseWindow
from sim.render.primary import BLOCK, Hits, Share, _cast_hits, make_hits, tile_count
from sim.render.scene_bvh import SceneBvh
from sim.render.scene_flow import _follow_points
from sim.render.shading import World
from sim.render.sky import make_sky, update_sky
from sim.render.tonemap import Developer, expose_world
from sim.types import Scene, State

if TYPE_CHECKING:
    import torch

QUALITY = {"fast": (1, 0), "draft": (1, -2), "standard": (4, -2), "high": (16, 8)}
"""Primary rays per pixel (where there is contrast: half of them), and how many of them bounce (`sim.render.colour.Plan`)."""

BAND = 64
"""Rows of a picture that one thread draws."""
PART = 8192
"""Pixels that are worth handing to another thread."""

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


class Renderer:
    """Renders every camera of every world.

    All arrays are made here; `render` only launches kernels, so that it may be captured (with ``threads`` 1).

    Args:
        library: Meshes, models (rows of ``Scene.asset``) and maps (rows of ``Scene.map_index``).
        scene: The batch's scene.
        state: The batch's state.
        config: Cameras (of equal size), quality and outputs.
        lookahead: Whether pictures lag one frame behind `advance`, which forward flow needs.
        frames: Where to render to, views of a larger batch perhaps; None: new arrays.
        threads: CPU threads that share each picture; 1 inside captures.
        primary: How the hits of the rays through the pixels' centres are found, 'rays' or 'triangles'
            (`sim.render.primary`, `sim.render.drawing`); None: rays on a GPU, triangles on a CPU.
    """

    def __init__(
        self,
        library: MeshLibrary,
        scene: Scene,
        state: State,
        config: RenderConfig,
        *,
        lookahead: bool | None = None,
        frames: Frames | None = None,
        threads: int = 1,
        primary: Literal["rays", "triangles"] | None = None,
    ) -> None:
        sizes = {(c.height, c.width) for c in config.cameras}
        if len(sizes) != 1:
            raise ValueError(f"the cameras of a renderer share one size, not {sorted(sizes)}")
        if primary not in (None, "rays", "triangles"):
            raise ValueError(f"primary must be 'rays' or 'triangles', not {primary!r}")
        nworld, device = state.pos.shape[0], state.pos.device
        ncamera, (height, width) = len(config.cameras), sizes.pop()
        shape = (nworld, ncamera, height, width)
        self.library, self.config, self.device = library, config, device
        self.frames = frames if frames is not None else Frames(config.outputs, shape, device)
        self.wanted = self.frames.wanted
        self.samples, self.bounces = QUALITY[config.quality]
        self.refine_all = config.quality == "high"
        self.size = wp.vec2i(height, width)
        self.primary = primary or ("triangles" if device.is_cpu else "rays")
        ahead = bool(self.wanted & (FLOW | SCENE_FLOW))
        self.window = PoseWindow(scene, state, lookahead=ahead if lookahead is None else lookahead)
        self.cameras: Cameras = make_cameras(config.cameras, nworld, device)
        self.views = [make_views(nworld, ncamera, device) for _ in range(3)]
        self.bvh = SceneBvh(library, scene, self.window.current)
        self.bvh_next = SceneBvh(library, scene, self.window.current) if ahead else None
        self.bvh_previous = SceneBvh(library, scene, self.window.current) if self.wanted & FLOW_BACK else None
        self.sky = make_sky(nworld, device)
        self.lights = make_lights(nworld, device)
        lit = bool(self.wanted & (RGB | HDR))
        self._full = lit and config.quality != "fast"
        self.labels, self.classes, self.shown = (self._image_struct(s) for s in (Labels, ClassImages, Shown))
        self.hits: Hits = make_hits(shape, device, sun=lit and not self._full)
        self.buffers: Buffers = make_buffers(shape if self._full else (1, 1, 1, 1), device)
        hdr = self.frames.arrays.get("hdr") if self._full else None
        self.radiance = wp.zeros_like(self.buffers.direct) if hdr is None else hdr
        """Linear light of the last picture, before exposure (not of 'fast'), (nworld, ncamera, height, width)."""
        self.developer = Developer(shape if self._full else (nworld, ncamera, 1, 1), device)
        self.exposure = self.developer.exposure
        self._scratch = wp.zeros_like(self.buffers.bounce)
        self._shade = [wp.zeros(self.buffers.sun.shape, dtype=wp.vec2, device=device) for _ in range(2)]
        self._ones = wp.full((nworld,), 1, dtype=wp.int32, device=device)
        self._threads = threads if device.is_cpu else 1
        self._loaded: set[Any] = set()
        self._pool = ThreadPoolExecutor(self._threads) if self._threads > 1 else None
        self.refresh(scene)

    def _image_struct(self, kind: Any) -> Any:
        """A struct of label images with those that are wanted."""
        images = kind()
        images.wanted = self.wanted
        for name in set(kind.vars) & set(self.frames.arrays):
            setattr(images, name, self.frames.arrays[name])
        return images

    def refresh(self, scene: Scene, mask: wp.array | None = None) -> None:
        """Take over the weather of the masked worlds (all by default): at the start and after resets."""
        update_sky(scene.weather, self.sky, self._ones if mask is None else mask)
        expose_world(self.sky, self.exposure)

    def reset(self, scene: Scene, state: State, mask: wp.array | None = None) -> None:
        """Start the masked worlds anew: their weather, and no motion into the first frame."""
        self.refresh(scene, mask)
        self.window.reset(scene, state, mask)

    def advance(self, scene: Scene, state: State) -> None:
        """Move on to the next frame; see `PoseWindow`."""
        self.window.advance(scene, state)

    def render(self, scene: Scene, mask: wp.array | None = None) -> None:
        """Render the window's current poses into ``frames``; only launches.

        Args:
            scene: The batch's scene.
            mask: Worlds to render ((nworld,) int32), all by default. With flow, or in a quality that bounces, all are made.
        """
        if mask is None or self._full or self.wanted & (FLOW | FLOW_BACK | SCENE_FLOW):
            mask = self._ones
        poses = self.window.current
        self.bvh.update(scene, poses)
        self._place(scene, self.bvh, poses, self.views[1])
        gather_lights(self.library.geometry, scene, poses, self.bvh.instances, self.sky, self.lights)
        self._find_hits(mask)
        if self.wanted & GEOMETRY:
            self._launch(_write_labels, [*self._geometry_inputs(), self.hits, mask], [self.labels])
        if self.wanted & (RGB | HDR):
            self._render_colour(scene, mask)
        self._render_classes(scene, mask)
        self._render_motion(scene)

    def _render_motion(self, scene: Scene) -> None:
        """Flow and scene flow to the neighbouring frames."""
        for bit, bvh, neighbour, views in (
            (FLOW, self.bvh_next, self.window.following, self.views[2]),
            (FLOW_BACK, self.bvh_previous, self.window.previous, self.views[0]),
        ):
            if bvh is None:
                continue
            bvh.update(scene, neighbour)
            self._place(scene, bvh, neighbour, views)
            if self.wanted & bit:
                pair = ViewPair()
                pair.now, pair.then = self.views[1], views
                inputs = [self.library.geometry, bvh.instances, self.cameras, pair, self.hits]
                self._launch(_follow_pixels, [*inputs, int(bit == FLOW_BACK)], [self.labels])
                name = "flow_occluded" if bit == FLOW else "flow_back_occluded"
                self._launch(_hide_pixels, inputs, [self.frames.arrays[name]])
        if self.wanted & SCENE_FLOW and self.bvh_next is not None:
            both: list[object] = [self.library.geometry, self.bvh.instances, self.bvh_next.instances, self.hits]
            self._launch(_follow_points, both, [self.frames.arrays["scene_flow"]])

    def _render_classes(self, scene: Scene, mask: wp.array) -> None:
        """Class images and albedo."""
        if not self.wanted & (CLASSES | ALBEDO):
            return
        seen: list[object] = [self._world(scene), self.cameras, self.views[1], self.hits, mask]
        if self.wanted & CLASSES:
            facts = ActorFacts()
            facts.semantic, facts.category, facts.size = scene.semantic, scene.category, scene.size
            facts.rot, facts.fallen = self.window.current.rot, self.window.current.fallen
            self._launch(_write_classes, [*seen, facts], [self.classes])
        if self.wanted & ALBEDO:
            self._launch(_write_albedo, seen, [self.frames.arrays["albedo"]])

    def _place(self, scene: Scene, bvh: SceneBvh, poses: Poses, views: Views) -> None:
        """Put the cameras where they are at the moment of ``bvh`` and ``poses``."""
        place_cameras(self.cameras, poses.pos, poses.rot, views)
        if any(camera.follows for camera in self.config.cameras):
            geometry = self.library.geometry
            clear_views(scene, geometry, bvh.instances, self.cameras, poses.pos, poses.rot, views)

    def _geometry_inputs(self) -> list[object]:
        return [self.library.geometry, self.bvh.instances, self.cameras, self.views[1]]

    def _find_hits(self, mask: wp.array) -> None:
        """Hits of the rays through the pixels' centres."""
        inputs = [*self._geometry_inputs(), mask]
        if self.primary == "rays":
            self._launch(_cast_hits, inputs, [self.hits])
            return
        nworld, ncamera, height, _ = self.frames.shape

        def launch(first: int, last: int) -> None:
            dim = (nworld, ncamera, last - first)
            wp.launch(_draw_hits, dim, [*inputs, BAND, first], [self.hits], device=self.device)

        self._share(_draw_hits, launch, -(-height // BAND))

    def _world(self, scene: Scene) -> World:
        world = World()
        world.geo, world.inst = self.library.geometry, self.bvh.instances
        world.sky, world.lights, world.weather = self.sky, self.lights, scene.weather
        world.world_key, world.seed = scene.world_key, scene.seed
        world.map_index, world.paint = scene.map_index, scene.paint
        poses = self.window.current
        world.tick, world.lamp_bits, world.signal = poses.tick, poses.lamps, poses.signal
        return world

    def _render_colour(self, scene: Scene, mask: wp.array) -> None:
        world = self._world(scene)
        if not self._full:
            seen: list[object] = [world, self.cameras, self.views[1], self.hits, mask]
            self._launch(_ask_sun, seen, [], lanes=int(ASKED))
            self._launch(_shade_hits, [*seen, self.exposure], [self.shown])
            return
        inputs: list[object] = [world, self.cameras, self.views[1], mask]
        plan = Plan()
        plan.samples, plan.bounces, plan.hits = self.samples, self.bounces, self.hits
        self._launch(_trace_colour, [*inputs, plan], [self.buffers])
        if self.samples > 1:
            if self.refine_all:
                self.buffers.contrast.fill_(1)
            else:
                self._launch_rows(_mark_contrast, [world], [self.buffers])
            plan.first = 1
            self._launch(_trace_colour, [*inputs, plan], [self.buffers])
        denoise(self.buffers, self._scratch, self._shade, self.radiance, self._launch_rows)
        if self.wanted & RGB:
            poses, rgb = self.window.current, self.frames.arrays["rgb"]
            self.developer.develop(scene, poses, self.sky, self.cameras, self.radiance, self.buffers, rgb)

    def _launch(self, kernel: Any, inputs: list[object], outputs: list[object], *, lanes: int = int(BLOCK)) -> None:
        """Launch over tiles of pixels, ``lanes`` threads each on a GPU; on a CPU threads share the tiles of every picture."""
        nworld, ncamera, height, width = self.frames.shape
        lanes = 1 if self.device.is_cpu else lanes

        def launch(first: int, last: int) -> None:
            share = Share()
            share.first, share.lanes = first, lanes
            dim = (nworld, ncamera, last - first, lanes)
            wp.launch(kernel, dim, [*inputs, share], outputs, device=self.device, block_dim=int(BLOCK))

        self._share(kernel, launch, tile_count(height, width))

    def _launch_rows(self, kernel: Any, inputs: list[object], outputs: list[object]) -> None:
        """Launch over pixels, row by row, shared like tiles."""
        nworld, ncamera, height, width = self.frames.shape

        def launch(first: int, last: int) -> None:
            dim = (nworld, ncamera, last - first, width)
            wp.launch(kernel, dim, [*inputs, first], outputs, device=self.device)

        self._share(kernel, launch, height)

    def _share(self, kernel: Any, launch: Callable[[int, int], None], count: int) -> None:
        """Call ``launch`` for ranges that make up 0 .. count, from all threads; once in one thread first, to load the kernel."""
        if self._pool is None or kernel not in self._loaded:
            self._loaded.add(kernel)
            launch(0, count)
            return
        pixels = int(np.prod(self.frames.shape))
        parts = min(count, max(self._threads, min(pixels // PART, 8 * self._threads)))
        bounds = [round(count * i / parts) for i in range(parts + 1)]
        list(self._pool.map(launch, bounds[:-1], bounds[1:]))


def render(scene: Scene, renderer: Renderer) -> Frames:
    """Render the current poses of a renderer's window; only launches. Returns the renderer's frames."""
    renderer.render(scene)
    return renderer.frames


def camera_at(pos: Sequence[float], yaw: float = 0.0, pitch: float = 0.0, **settings: object) -> CameraConfig:
    """A camera fixed in the world frame."""
    return CameraConfig(pos=(pos[0], pos[1], pos[2]), yaw=yaw, pitch=pitch, attached=False, **settings)  # pyright: ignore
