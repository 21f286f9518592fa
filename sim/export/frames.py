"""Renders the frames of one world from its tracks and writes them; frames that stand already are left as they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np
import warp as wp

from sim.cameras import CameraConfig, CameraFault
from sim.config import DatasetConfig, RenderConfig
from sim.export.annotate import Subject, annotate
from sim.export.coco import category_of
from sim.export.tracks import POSES, Tracks, assign_poses, show
from sim.export.views import View
from sim.export.writer import encode_jpeg, encode_png, write_bytes
from sim.render.camera import CHASE
from sim.render.frames import Renderer
from sim.render.labels import Labeller
from sim.render.library import MeshLibrary
from sim.render.poses import pose_owner
from sim.sampling import Batch, ResolvedActor
from sim.structs import slice_worlds

OUTPUTS = ("rgb", "depth", "range", "semantic", "instance", "normal", "flow")
RENDERERS = 4
"""Most pictures rendered at once."""
LARGE = 4_000_000
"""Pixels from which on a picture is rendered alone."""


def subjects_of(actors: Sequence[ResolvedActor]) -> list[Subject]:
    """What annotations say of the actors of a world."""
    return [
        Subject(a.spec.name, category_of(int(a.asset.semantic), a.asset.kinds), a.box_center, a.size) for a in actors
    ]


def half(array: np.ndarray) -> np.ndarray:
    """As float16; what is beyond its range becomes infinite."""
    with np.errstate(over="ignore"):
        return array.astype(np.float16)


class FrameRenderer:
    """Frames of one world of a batch.

    Cameras of equal size and kind take turns at one renderer, so memory is that of one picture each.

    Args:
        library: Meshes of the batch.
        batch: The batch.
        world: Which of its worlds.
        tracks: The world's tracks.
        config: Cameras, quality, extras.
        threads: CPU threads that share each picture; None: one per core.
    """

    def __init__(
        self,
        library: MeshLibrary,
        batch: Batch,
        world: int,
        tracks: Tracks,
        config: DatasetConfig,
        threads: int | None = None,
    ) -> None:
        n = batch.nworld
        self.tracks, self.config = tracks, config
        self.scene = slice_worlds(batch.scene, world, world + 1, n)
        self.state = slice_worlds(batch.state, world, world + 1, n)
        for name in POSES:
            # Poses of its own, so that several renderers may show different frames of one world.
            owner = pose_owner(self.state, name)
            setattr(owner, name, wp.clone(getattr(owner, name)))
        self.subjects = subjects_of(batch.actor_specs[world][0])
        # Trees are built from the first frame's poses, whichever frame is rendered first.
        assign_poses(tracks, 0, self.state)

        def make(camera: CameraConfig, outputs: tuple[str, ...]) -> Renderer:
            settings = RenderConfig((camera,), config.quality, outputs)
            renderer = Renderer(library, self.scene, self.state, settings, threads=threads or os.cpu_count() or 1)
            renderer.span = tracks.span or None
            return renderer

        shared: dict[tuple[Any, ...], tuple[Renderer, Labeller]] = {}
        for camera in config.cameras:
            if camera.kin not in shared:
                renderer = make(camera, OUTPUTS)
                shared[camera.kin] = renderer, Labeller(renderer, masks=config.amodal)
        self._eyes = [shared[camera.kin] for camera in config.cameras]
        self.renderer, self.labeller = self._eyes[0]
        self.chase: Renderer | None = None
        if config.chase:
            first = config.cameras[0]
            self.chase = make(replace(CHASE, width=first.width, height=first.height), ("rgb",))

    def turn_to(self, camera: int) -> None:
        """Let ``renderer`` and ``labeller`` be those of a camera of the rig."""
        self.renderer, self.labeller = self._eyes[camera]
        self.renderer.aim([self.config.cameras[camera]], [camera])

    def render(self, frame: int, camera: int = 0) -> dict[str, Any]:
        """Arrays of one frame, owned by the caller: the renderer's outputs, labels, amodal masks, view."""
        self.turn_to(camera)
        show(self.tracks, frame, self.scene, self.state, self.renderer.window)
        self.renderer.render(self.scene)
        self.labeller.measure(self.scene)
        images: dict[str, Any] = self.renderer.frames.numpy()
        arrays = {k: np.array(v[0, 0]) for k, v in images.items()}
        clean = self.renderer.developer.clean
        if self.config.cameras[camera].faults:
            arrays["clean"] = arrays["rgb"] if clean is None else np.array(clean.numpy()[0, 0])
        labels = {k: np.array(v[0] if k.startswith("box_") else v[0, 0]) for k, v in self.labeller.numpy().items()}
        view, sweep = self.renderer.views[1], self.renderer.sweep
        rows = view if sweep is None else sweep.views
        shape = arrays["instance"].shape[0]
        return {
            "arrays": arrays,
            "labels": labels,
            "amodal": self.labeller.amodal_masks()[0, 0] if self.config.amodal else None,
            "view": (view.pos.numpy()[0, 0].copy(), view.rot.numpy()[0, 0].copy()),
            "rows": tuple(np.resize(v.numpy()[:, 0], (shape, *v.numpy().shape[2:])) for v in (rows.pos, rows.rot)),
        }

    def faults_at(self, frame: int, camera: int) -> list[CameraFault]:
        """What is wrong with a camera at a frame."""
        time = self.tracks.time(frame)
        return [fault for fault in self.config.cameras[camera].faults if fault.start <= time < fault.end]

    def spoil(self, frame: int, camera: int, rgb: np.ndarray) -> tuple[np.ndarray, int]:
        """The picture that a camera delivers instead of the one it should, and the frame that it shows, -1 for none."""
        faults = {fault.kind: fault for fault in self.faults_at(frame, camera)}
        if "dropped" in faults:
            return np.zeros_like(rgb), -1
        if "frozen" not in faults:
            return rgb, frame
        before = [k for k in range(frame) if self.tracks.time(k) < faults["frozen"].start]
        shown = before[-1] if before else 0
        return self.render(shown, camera)["arrays"]["rgb"], shown

    def render_chase(self, frame: int) -> np.ndarray:
        """The view from behind the ego, (height, width, 3)."""
        if self.chase is None:
            raise ValueError("this data set has no view from behind")
        show(self.tracks, frame, self.scene, self.state, self.chase.window)
        self.chase.render(self.scene)
        images: dict[str, Any] = self.chase.frames.numpy()
        return np.array(images["rgb"][0, 0])

    def sample(self, view: View, frame: int, picture: Mapping[str, Any]) -> dict[str, Any]:
        """A frame's arrays as a sample to write, the labels last."""
        arrays = picture["arrays"]
        pose = {name: self.tracks.arrays[name][frame] for name in ("pos", "rot", "visible")}
        labels = annotate(
            frame, self.tracks.time(frame), arrays["instance"], picture["labels"], picture["amodal"], pose,
            picture["view"], self.subjects, view.camera.name,
        )  # fmt: skip
        rgb, quality = arrays["rgb"], view.camera.jpeg
        pictures = {view.picture: rgb}
        if view.camera.faults:
            rgb, shown = self.spoil(frame, view.number, rgb)
            pictures = {view.picture.replace("rgb", "clean"): arrays["clean"], view.picture: rgb}
            labels["camera"]["faults"] = [fault.kind for fault in self.faults_at(frame, view.number)]
            labels["camera"]["shows_frame"] = shown
        return {
            "__key__": view.key(frame),
            **{name: encode_jpeg(image, quality) if quality else image for name, image in pictures.items()},
            "semantic.png": arrays["semantic"],
            "instance.png": arrays["instance"].astype(np.uint16),
            "depth.npz": {"depth": half(arrays["depth"]), "range": half(arrays["range"])},
            "flow.npz": {"flow": half(arrays["flow"]), "occluded": arrays["flow_occluded"]},
            "normals.npz": {"normals": half(arrays["normal"])},
            "json": labels,
        }


def make_renderers(
    library: MeshLibrary, batch: Batch, world: int, tracks: Tracks, config: DatasetConfig, count: int
) -> list[FrameRenderer]:
    """Renderers of one world that share ``count`` pictures.

    Some stages of a picture run on one thread, so on the CPU cores are used best by a picture each; large pictures and GPUs have
    but one renderer, for their memory.
    """
    cores = os.cpu_count() or 1
    kinds = {camera.kin: camera.width * camera.height for camera in config.cameras}
    alone = batch.scene.valid.device.is_cuda or sum(kinds.values()) > LARGE
    number = 1 if alone else max(1, min(cores, RENDERERS, count))
    return [FrameRenderer(library, batch, world, tracks, config, max(1, cores // number)) for _ in range(number)]


def write_frames(
    renderers: Sequence[FrameRenderer], root: Path, missing: Sequence[tuple[View, int]], progress: Callable[[int], None]
) -> None:
    """Render and write some pictures.

    Args:
        renderers: Of the world: each takes the next picture as soon as it is through with one.
        root: The data set's folder.
        missing: Whose, and which frames.
        progress: Called with 1 after each picture.
    """
    todo, lock, stop = iter(missing), Lock(), Event()

    def work(renderer: FrameRenderer, files: ThreadPoolExecutor) -> None:
        waiting: list[Future[None]] = []
        while not stop.is_set():
            with lock:
                view, frame = next(todo, (None, 0))
            if view is None:
                break
            if view.chase:
                write_bytes(view.chase_path(root, frame), encode_png(renderer.render_chase(frame)))
            sample = renderer.sample(view, frame, renderer.render(frame, view.number))
            waiting.append(files.submit(view.writer(root).write, sample))
            if len(waiting) > 1:
                waiting.pop(0).result()
            progress(1)
        for future in waiting:
            future.result()

    with ThreadPoolExecutor(len(renderers)) as files, ThreadPoolExecutor(len(renderers)) as workers:
        jobs = [workers.submit(work, renderer, files) for renderer in renderers]
        try:
            for job in as_completed(jobs):
                job.result()
        finally:
            # After an error or an interruption: no further picture is begun, those at work are finished.
            stop.set()
