"""The renderer: pictures and labels of every camera of every world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import warp as wp

from sim.config import CameraConfig, RenderConfig
from sim.render.air import fill_air, make_air
from sim.render.albedo import _write_albedo
from sim.render.camera import Cameras, Views, aim_cameras, make_cameras, make_views, place_cameras
from sim.render.chase import clear_views
from sim.render.class_images import ActorFacts, ClassImages, _write_classes
from sim.render.colour import Buffers, Plan, _mark_contrast, _trace_colour, make_buffers
from sim.render.denoise import Denoiser
from sim.render.drawing import _draw_hits
from sim.render.fast import ASKED, Film, _ask_sun, _shade_hits
from sim.render.flow import ViewPair, _follow_pixels
from sim.render.glass import has_glass
from sim.render.hidden import _hide_pixels
from sim.render.label_images import (
    ALBEDO,
    CLASSES,
    FLOW,
    FLOW_BACK,
    GEOMETRY,
    HDR,
    RGB,
    SCENE_FLOW,
    Labels,
    _write_labels,
)
from sim.render.launches import Launches
from sim.render.library import MeshLibrary
from sim.render.lights import gather_lights, make_lights
from sim.render.outputs import Frames
from sim.render.poses import Poses, PoseWindow
from sim.render.primary import BLOCK, Hits, Primary, _cast_hits, choose_primary, make_hits
from sim.render.scene_bvh import Instances, SceneBvh
from sim.render.scene_flow import _follow_points
from sim.render.shading import World
from sim.render.shutter import Sweep, shutter_times
from sim.render.sky import make_sky, update_sky
from sim.render.tonemap import Developer, expose_world
from sim.types import Scene, State

QUALITY = {"fast": (1, 0, 0), "draft": (1, -2, 1), "standard": (8, -1, 1), "high": (16, 8, 3)}
"""Primary rays per pixel (where there is contrast: half of them), how many of them bounce (`sim.render.colour.Plan`), and how often."""

FOCUS_SAMPLES = 16
"""Least samples of a picture with depth of field."""


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
            (`sim.render.primary`, `sim.render.drawing`); None: rays on a GPU, triangles on a CPU where all cameras are pinholes.
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
        primary: Primary | None = None,
    ) -> None:
        nworld, device = state.pos.shape[0], state.pos.device
        ncamera, first = len(config.cameras), config.cameras[0]
        height, width, shutter = first.height, first.width, first.shutter
        shape = (nworld, ncamera, height, width)
        self.library, self.config, self.device = library, config, device
        self.frames = frames if frames is not None else Frames(config.outputs, shape, device)
        self.wanted = self.frames.wanted
        self.samples, self.bounces, self.depth = QUALITY[config.quality]
        self.refine_all = config.quality == "high"
        self.size = wp.vec2i(height, width)
        self.primary = choose_primary(config.cameras, primary, device)
        ahead, back = bool(self.wanted & (FLOW | SCENE_FLOW)), bool(self.wanted & FLOW_BACK)
        look = ahead if lookahead is None else lookahead
        self.window = PoseWindow(state, lookahead=look, shutter=shutter.half > 0.0)
        self.cameras: Cameras = make_cameras(config.cameras, nworld, device)
        self.views = [make_views(nworld, ncamera, device) for _ in range(3)]
        self.bvh = SceneBvh(library, scene, self.window.current)
        self.bvh_next = SceneBvh(library, scene, self.window.current) if ahead else None
        self.bvh_previous = SceneBvh(library, scene, self.window.current) if back else None
        self.span: float | None = None
        """Time from a frame to its poses in ``window.ends`` [s]; None: half the run of the shutter."""
        rolling = shutter.readout > 0.0
        wanted = (rolling and back, shutter.half > 0.0, rolling and ahead)
        nmoment = height if rolling else 1
        self.sweep_previous, self.sweep, self.sweep_next = (
            Sweep(library, scene, self.window.current, self.cameras, nmoment) if want else None for want in wanted
        )
        self._time_shutter()
        self.labels, self.classes = (self._image_struct(kind) for kind in (Labels, ClassImages))
        self._make_light()
        self._ones = wp.full((nworld,), 1, dtype=wp.int32, device=device)
        launches = Launches(shape, device, threads)
        self._launch, self._launch_rows, self._launch_bands = launches.tiles, launches.rows, launches.bands
        self.refresh(scene)

    def _make_light(self) -> None:
        """Sky, lamps and air, and what pictures are made in, as far as this quality and these cameras need it."""
        config, device, shape = self.config, self.device, self.frames.shape
        nworld, ncamera, shutter = shape[0], shape[1], config.cameras[0].shutter
        self.sky = make_sky(nworld, device, self.library.skies)
        self.lights = make_lights(nworld, device)
        self.air = make_air(self.sky, self.lights, ncamera)
        lit = bool(self.wanted & (RGB | HDR))
        self._full = lit and config.quality != "fast"
        more = shutter.exposure > 0.0 or any(has_glass(c) or c.sensor is not None for c in config.cameras)
        self._linear = self._full or (lit and more)
        self.hits: Hits = make_hits(shape, device, sun=lit and not self._full)
        self.buffers: Buffers = make_buffers(shape if self._full else (1, 1, 1, 1), device)
        hdr = self.frames.arrays.get("hdr")
        room = shape if self._linear else (1, 1, 1, 1)
        self.radiance = wp.zeros(room, dtype=wp.vec3, device=device) if hdr is None else hdr
        """Linear light of the last picture, before exposure, if it is kept: not of a plain 'fast' one, (nworld, ncamera, height, width)."""
        self.developer = Developer(shape if self._linear else (nworld, ncamera, 1, 1), device, config.cameras)
        self.exposure = self.developer.exposure
        self._denoiser = Denoiser(self.buffers.depth.shape, device)

    def aim(self, cameras: Sequence[CameraConfig], numbers: Sequence[int]) -> None:
        """Look through other cameras from now on, of the same size and kind; not inside captures.

        Args:
            cameras: As many as before.
            numbers: Their places in the rig, which sampling noise is keyed by.
        """
        kinds = {camera.kin for camera in (*cameras, *self.config.cameras)}
        if len(cameras) != len(self.config.cameras) or len(kinds) != 1:
            raise ValueError("a renderer looks through cameras of one size, kind of lens and shutter")
        self.config = replace(self.config, cameras=tuple(cameras))
        aim_cameras(self.cameras, cameras, numbers)
        self.developer.fit(cameras)
        self._time_shutter()

    def _time_shutter(self) -> None:
        """Work out when each row sees, in the middle of its exposure and at the moments that motion blur averages."""
        shutter = self.config.cameras[0].shutter
        height = self.frames.shape[2]
        times = shutter_times(shutter, height, self.span)
        if not hasattr(self, "_when"):
            self._when = [wp.zeros(len(t), dtype=float, device=self.device) for t in times]
        for target, time in zip(self._when, times, strict=True):
            target.assign(time.astype(np.float32))

    def _image_struct(self, kind: Any) -> Any:
        """A struct of label images with those that are wanted."""
        images = kind()
        images.wanted = self.wanted
        for name in set(kind.vars) & set(self.frames.arrays):
            setattr(images, name, self.frames.arrays[name])
        return images

    def refresh(self, scene: Scene, mask: wp.array | None = None) -> None:
        """Take over the weather of the masked worlds (all by default): at the start and after resets."""
        update_sky(scene, self.library.skies, self.sky, self._ones if mask is None else mask)
        expose_world(self.sky, self.exposure)

    def reset(self, scene: Scene, state: State, mask: wp.array | None = None) -> None:
        """Start the masked worlds anew: their weather, and no motion into the first frame."""
        self.refresh(scene, mask)
        self.window.reset(state, mask)

    def advance(self, scene: Scene, state: State) -> None:
        """Move on to the next frame; see `PoseWindow`."""
        self.window.advance(state)

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
        lit = bool(self.wanted & (RGB | HDR))
        if lit and len(self._when) > 1:
            self._blur(scene, mask)
        self._turn(scene, self.sweep, 1, self._when[0])
        self._find_hits(mask)
        if self.wanted & GEOMETRY:
            for inst, views, rows in self._rows():
                inputs = [self.library.geometry, inst, self.cameras, views, self.hits, mask]
                self._launch(_write_labels, inputs, [self.labels], rows=rows)
        if lit and len(self._when) == 1:
            self._render_colour(scene, mask)
        if self._full:
            fill_air(
                scene,
                poses,
                self.air,
                self.cameras,
                self.views[1],
                self.buffers.depth,
                self.radiance,
                self._launch_rows,
            )
        if self.wanted & RGB and self._linear:
            self._develop(scene)
        self._render_classes(scene, mask)
        self._follow(scene)

    def _turn(self, scene: Scene, sweep: Sweep | None, frame: int, when: wp.array) -> None:
        """Move a sweep to moments of a frame: 0 the previous, 1 the current, 2 the following one."""
        if sweep is not None:
            poses = (self.window.previous, self.window.current, self.window.following)[frame]
            sweep.update(scene, self.window.ends[frame], poses, when)

    def _rows(self) -> list[tuple[Instances, Views, tuple[int, int]]]:
        """What stands where and where the cameras are, and the rows that see it so."""
        height = self.frames.shape[2]
        if self.sweep is None:
            return [(self.bvh.instances, self.views[1], (0, height))]
        if self.sweep.nmoment == 1:
            return [(self.sweep.instances(0), self.sweep.at(0), (0, height))]
        return [(self.sweep.instances(m), self.sweep.at(m), (m, m + 1)) for m in range(height)]

    def _render_classes(self, scene: Scene, mask: wp.array) -> None:
        """Class images and albedo."""
        if not self.wanted & (CLASSES | ALBEDO):
            return
        world, facts = self._world(scene), ActorFacts()
        facts.semantic, facts.category, facts.size = scene.semantic, scene.category, scene.size
        facts.rot, facts.fallen = self.window.current.rot, self.window.current.fallen
        for inst, views, rows in self._rows():
            world.inst = inst
            seen = [world, self.cameras, views, self.hits, mask]
            if self.wanted & CLASSES:
                self._launch(_write_classes, [*seen, facts], [self.classes], rows=rows)
            if self.wanted & ALBEDO:
                self._launch(_write_albedo, seen, [self.frames.arrays["albedo"]], rows=rows)

    def _follow(self, scene: Scene) -> None:
        """Flow and scene flow to the next frame, flow to the previous one, as far as wanted."""
        for bit, bvh, sweep, frame in (
            (FLOW, self.bvh_next, self.sweep_next, 2),
            (FLOW_BACK, self.bvh_previous, self.sweep_previous, 0),
        ):
            if bvh is None:
                continue
            neighbour = self.window.following if frame == 2 else self.window.previous
            bvh.update(scene, neighbour)
            self._place(scene, bvh, neighbour, self.views[frame])
            pair, then = ViewPair(), bvh.instances
            pair.now, pair.then, pair.moments = self.views[1], self.views[frame], 1
            if sweep is not None and self.sweep is not None:
                self._turn(scene, sweep, frame, self._when[0])
                then = sweep.bvh.instances
                pair.now, pair.then, pair.moments = self.sweep.views, sweep.views, sweep.nmoment
            if self.wanted & bit:
                inputs = [self.library.geometry, then, self.cameras, pair, self.hits]
                self._launch(_follow_pixels, [*inputs, int(bit == FLOW_BACK)], [self.labels])
                name = "flow_occluded" if bit == FLOW else "flow_back_occluded"
                self._launch(_hide_pixels, inputs, [self.frames.arrays[name]])
        if self.wanted & SCENE_FLOW:
            self._follow_points()

    def _follow_points(self) -> None:
        """Scene flow: under a rolling shutter from the moment of a pixel's row to the same row's in the next frame."""
        if self.bvh_next is None:
            return
        both = [(self.bvh.instances, self.bvh_next.instances, (0, self.frames.shape[2]))]
        if self.sweep is not None and self.sweep_next is not None:
            both = [(inst, self.sweep_next.instances(rows[0]), rows) for inst, _, rows in self._rows()]
        for now, then, rows in both:
            inputs = [self.library.geometry, now, then, self.hits]
            self._launch(_follow_points, inputs, [self.frames.arrays["scene_flow"]], rows=rows)

    def _place(self, scene: Scene, bvh: SceneBvh, poses: Poses, views: Views) -> None:
        """Put the cameras where they are at the moment of ``bvh`` and ``poses``."""
        place_cameras(self.cameras, poses.pos, poses.rot, views)
        if any(camera.follows for camera in self.config.cameras):
            geometry = self.library.geometry
            clear_views(scene, geometry, bvh.instances, self.cameras, poses.pos, poses.rot, views)

    def _find_hits(self, mask: wp.array) -> None:
        """Hits of the rays through the pixels' centres."""
        geometry = self.library.geometry
        if self.primary == "rays":
            for inst, views, rows in self._rows():
                self._launch(_cast_hits, [geometry, inst, self.cameras, views, mask], [self.hits], rows=rows)
            return
        inst, views, _ = self._rows()[0]
        self._launch_bands(_draw_hits, [geometry, inst, self.cameras, views, mask], [self.hits])

    def _world(self, scene: Scene) -> World:
        world = World()
        world.geo, world.inst = self.library.geometry, self.bvh.instances
        world.sky, world.lights, world.weather = self.sky, self.lights, scene.weather
        world.world_key, world.seed = scene.world_key, scene.seed
        world.map_index, world.paint = scene.map_index, scene.paint
        poses = self.window.current
        world.tick, world.lamp_bits, world.signal = poses.tick, poses.lamps, poses.signal
        return world

    def _blur(self, scene: Scene, mask: wp.array) -> None:
        """Light averaged over the moments of the exposure."""
        self.radiance.zero_()
        self.buffers.contrast.fill_(1)
        moments = self._when[1:]
        each = max(1, self.samples // len(moments))
        for k, when in enumerate(moments):
            self._turn(scene, self.sweep, 1, when)
            if self._full:
                self._trace(scene, mask, k * each, (k + 1) * each, known=False)
            else:
                self._find_hits(mask)
                self._shade(scene, mask, 1.0 / len(moments))
        if self._full:
            self._denoise()

    def _render_colour(self, scene: Scene, mask: wp.array) -> None:
        if not self._full:
            self._shade(scene, mask, 1.0 if self._linear or self.wanted & HDR else 0.0)
            return
        focused = all(camera.optics.aperture == 0.0 for camera in self.config.cameras)
        self._trace(scene, mask, 0, 1, known=focused)
        samples = self.samples if focused else max(self.samples, FOCUS_SAMPLES)
        if samples > 1:
            if self.refine_all or not focused:
                self.buffers.contrast.fill_(1)
            else:
                self._launch_rows(_mark_contrast, [self._world(scene)], [self.buffers])
            self._trace(scene, mask, 1, samples, known=focused)
        self._denoise()

    def _shade(self, scene: Scene, mask: wp.array, weight: float) -> None:
        """The fast pass; ``weight`` as in `Film`."""
        world, film = self._world(scene), Film()
        film.light, film.weight = self.radiance, weight
        if self.wanted & RGB and not self._linear:
            film.rgb, film.shown = self.frames.arrays["rgb"], 1
        rows = self._rows()
        for kernel, extra, outputs, lanes in (
            (_ask_sun, [], [], int(ASKED)),
            (_shade_hits, [self.exposure], [film], int(BLOCK)),
        ):
            for inst, views, span in rows:
                world.inst = inst
                inputs = [world, self.cameras, views, self.hits, mask, *extra]
                self._launch(kernel, inputs, outputs, lanes=lanes, rows=span)

    def _trace(self, scene: Scene, mask: wp.array, first: int, last: int, *, known: bool) -> None:
        """Samples of the full pass from one number to before another."""
        world, plan = self._world(scene), Plan()
        plan.first, plan.last, plan.known = first, last, int(known)
        plan.bounces, plan.depth, plan.hits = self.bounces, self.depth, self.hits
        for inst, views, rows in self._rows():
            world.inst = inst
            self._launch(_trace_colour, [world, self.cameras, views, mask, plan], [self.buffers], rows=rows)

    def _denoise(self) -> None:
        self._denoiser.run(self.buffers, self.radiance, self._launch_rows)

    def _develop(self, scene: Scene) -> None:
        """From linear light to the picture."""
        poses, rgb = self.window.current, self.frames.arrays["rgb"]
        depth = self.buffers.depth if self._full else None
        self.developer.develop(scene, poses, self.sky, self.cameras, self.views[1], self.radiance, depth, rgb)


def render(scene: Scene, renderer: Renderer) -> Frames:
    """Render the current poses of a renderer's window; only launches. Returns the renderer's frames."""
    renderer.render(scene)
    return renderer.frames


def camera_at(pos: Sequence[float], yaw: float = 0.0, pitch: float = 0.0, **settings: object) -> CameraConfig:
    """A camera fixed in the world frame."""
    return CameraConfig(pos=(pos[0], pos[1], pos[2]), yaw=yaw, pitch=pitch, attached=False, **settings)  # pyright: ignore
