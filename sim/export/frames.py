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
from sim.export.outputs import OUTPUTS, images_of
from sim.export.states import SignalHeads, environment_label, segments
from sim.export.surroundings import Surroundings
from sim.export.tracks import POSES, Tracks, assign_poses, show
from sim.export.views import View
from sim.export.writer import DirectoryWriter, encode_jpeg
from sim.render.camera import CHASE
from sim.render.frames import Renderer
from sim.render.labels import PER_WORLD, Labeller
from sim.render.library import MeshLibrary
from sim.render.poses import pose_owner
from sim.sampling import Batch, ResolvedActor
from sim.structs import slice_worlds

RENDERERS = 4
"""Most pictures rendered at once."""
LARGE = 4_000_000
"""Pixels from which on a picture is rendered alone."""
WRITERS = 4
"""Pictures of each renderer that may be on their way to the disk at once: most of that time is waiting for it."""


def subjects_of(actors: Sequence[ResolvedActor]) -> list[Subject]:
    """What annotations say of the actors of a world."""
    return [
        Subject(a.spec.name, category_of(int(a.asset.semantic), a.asset.kinds), a.box_center, a.size, a) for a in actors
    ]


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

        row = int(self.scene.map_index.numpy()[0])
        network = batch.map_specs[row].network
        shared: dict[tuple[Any, ...], tuple[Renderer, Labeller, Surroundings]] = {}
        for camera in config.cameras:
            if camera.kin not in shared:
                renderer = make(camera, images_of(config.outputs))
                labeller = Labeller(renderer, masks=config.amodal, keypoints=True)
                shared[camera.kin] = renderer, labeller, Surroundings(renderer, config.outputs, network)
        self._eyes = [shared[camera.kin] for camera in config.cameras]
        self._aimed: dict[int, int] = {}
        self.renderer, self.labeller, self.surroundings = self._eyes[0]
        self.signals = SignalHeads(library, row)
        sun = self.scene.weather.sun_direction.numpy()[0]
        self.environment = environment_label(batch.specs[world][0].environment, sun)
        self.chase: Renderer | None = None
        if config.chase:
            first = config.cameras[0]
            self.chase = make(replace(CHASE, width=first.width, height=first.height), ("rgb",))

    def turn_to(self, camera: int) -> None:
        """Let ``renderer``, ``labeller`` and ``surroundings`` be those of a camera of the rig."""
        self.renderer, self.labeller, self.surroundings = self._eyes[camera]
        if self._aimed.get(id(self.renderer)) != camera:
            self.renderer.aim([self.config.cameras[camera]], [camera])
            self._aimed[id(self.renderer)] = camera

    def render(self, frame: int, camera: int = 0) -> dict[str, Any]:
        """Arrays of one frame, owned by the caller: the renderer's outputs, labels, amodal masks, view."""
        self.turn_to(camera)
        show(self.tracks, frame, self.state, self.renderer.window)
        self.renderer.render(self.scene)
        self.labeller.measure(self.scene)
        images: dict[str, Any] = self.renderer.frames.numpy()
        arrays = {k: np.array(v[0, 0]) for k, v in images.items()}
        clean = self.renderer.developer.clean
        if self.config.cameras[camera].faults:
            arrays["clean"] = arrays["rgb"] if clean is None else np.array(clean.numpy()[0, 0])
        measured = self.labeller.numpy()
        labels = {k: np.array(v[0] if k in PER_WORLD else v[0, 0]) for k, v in measured.items()}
        view, sweep = self.renderer.views[1], self.renderer.sweep
        rows = view if sweep is None else sweep.views
        shape = arrays["instance"].shape[0]
        out = {
            "arrays": arrays,
            "labels": labels,
            "amodal": self.labeller.amodal_masks()[0, 0] if self.config.amodal else None,
            "view": (view.pos.numpy()[0, 0].copy(), view.rot.numpy()[0, 0].copy()),
            "rows": tuple(np.resize(v.numpy()[:, 0], (shape, *v.numpy().shape[2:])) for v in (rows.pos, rows.rot)),
            "signals": self.signals.labels(self.renderer, self.tracks.arrays["signal"][frame]),
        }
        return out | self.surroundings.measure(once=camera == 0)

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
        show(self.tracks, frame, self.state, self.chase.window)
        self.chase.render(self.scene)
        images: dict[str, Any] = self.chase.frames.numpy()
        return np.array(images["rgb"][0, 0])

    def sample(self, view: View, frame: int, picture: Mapping[str, Any]) -> dict[str, Any]:
        """A frame's arrays as a sample to write, the labels last."""
        arrays = picture["arrays"]
        pose = {name: self.tracks.arrays[name][frame] for name in POSES}
        labels = annotate(
            frame, self.tracks.time(frame), arrays["instance"], picture["labels"], picture["amodal"], pose,
            picture["view"], self.subjects, view.camera.name,
        )  # fmt: skip
        labels |= {"environment": self.environment, "signals": picture["signals"]}
        if "panoptic" in arrays:
            labels["segments"] = segments(arrays["panoptic"])
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
            **{OUTPUTS[name].file: OUTPUTS[name].encode(picture) for name in view.outputs if not OUTPUTS[name].once},
            "json": labels,
        }

    def shared_sample(self, view: View, frame: int, picture: Mapping[str, Any]) -> dict[str, Any]:
        """What a frame has once, whatever its cameras (`View.shared`), as a sample to write with the first camera's."""
        sample: dict[str, Any] = {"__key__": view.shared_key(frame)}
        if view.chase:
            sample["chase.png"] = self.render_chase(frame)
        return sample | {OUTPUTS[n].file: OUTPUTS[n].encode(picture) for n in view.outputs if OUTPUTS[n].once}


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

    def store(view: View, shared: Mapping[str, Any] | None, sample: Mapping[str, Any]) -> None:
        if shared is not None:
            DirectoryWriter(root, view.shared).write(shared)
        view.writer(root).write(sample)

    def work(renderer: FrameRenderer, files: ThreadPoolExecutor) -> None:
        waiting: list[Future[None]] = []
        while not stop.is_set():
            with lock:
                view, frame = next(todo, (None, 0))
            if view is None:
                break
            picture = renderer.render(frame, view.number)
            shared = renderer.shared_sample(view, frame, picture) if view.shared else None
            sample = renderer.sample(view, frame, picture)
            waiting.append(files.submit(store, view, shared, sample))
            if len(waiting) > WRITERS:
                waiting.pop(0).result()
            progress(1)
        for future in waiting:
            future.result()

    with ThreadPoolExecutor(WRITERS * len(renderers)) as files, ThreadPoolExecutor(len(renderers)) as workers:
        jobs = [workers.submit(work, renderer, files) for renderer in renderers]
        try:
            for job in as_completed(jobs):
                job.result()
        finally:
            # After an error or an interruption: no further picture is begun, those at work are finished.
            stop.set()
