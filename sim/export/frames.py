"""Renders the frames of one world from its tracks and writes them; frames that stand already are left as they are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock
from typing import Any

import numpy as np
import warp as wp

from sim.config import CameraConfig, DatasetConfig, RenderConfig
from sim.errors import SwerveError
from sim.export.annotate import Subject, annotate
from sim.export.coco import category_of
from sim.export.outputs import OUTPUTS, images_of
from sim.export.states import SignalHeads, environment_label, segments
from sim.export.surroundings import Surroundings
from sim.export.tracks import POSES, Tracks, assign_poses, show
from sim.export.writer import DirectoryWriter
from sim.render.camera import CHASE
from sim.render.frames import Renderer
from sim.render.labels import PER_WORLD, Labeller
from sim.render.library import MeshLibrary
from sim.render.poses import pose_owner
from sim.sampling import Batch, ResolvedActor
from sim.structs import slice_worlds

FOLDERS = {
    "chase.png": "chase",
    "rgb.png": "frames",
    "semantic.png": "masks",
    "instance.png": "masks",
    **{output.file: output.folder for output in OUTPUTS.values()},
    "json": "labels",
}
"""Folder of each entry of a sample; the labels are written last and mark a frame as done."""

RENDERERS = 4
"""Most pictures rendered at once."""
LARGE = 4_000_000
"""Pixels from which on a picture is rendered alone."""


def main_camera(config: DatasetConfig) -> CameraConfig:
    """The camera of the data set."""
    return CameraConfig(width=config.size[0], height=config.size[1])


def subjects_of(actors: Sequence[ResolvedActor]) -> list[Subject]:
    """What annotations say of the actors of a world."""
    return [
        Subject(a.spec.name, category_of(int(a.asset.semantic), a.asset.kinds), a.box_center, a.size, a) for a in actors
    ]


class FrameRenderer:
    """Frames of one world of a batch.

    Args:
        library: Meshes of the batch.
        batch: The batch.
        world: Which of its worlds.
        tracks: The world's tracks.
        config: Size, quality, extras.
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
        threads = threads or os.cpu_count() or 1
        settings = RenderConfig((main_camera(config),), config.quality, images_of(config.outputs))
        # Trees are built from the first frame's poses, whichever frame is rendered first.
        assign_poses(tracks, 0, self.state)
        self.renderer = Renderer(library, self.scene, self.state, settings, threads=threads)
        self.labeller = Labeller(self.renderer, masks=config.amodal, keypoints=True)
        row = int(self.scene.map_index.numpy()[0])
        self.surroundings = Surroundings(self.renderer, config.outputs, batch.map_specs[row].network)
        self.signals = SignalHeads(library, row)
        sun = self.scene.weather.sun_direction.numpy()[0]
        self.environment = environment_label(batch.specs[world][0].environment, sun)
        self.chase: Renderer | None = None
        if config.chase:
            camera = replace(CHASE, width=config.size[0], height=config.size[1])
            settings = RenderConfig((camera,), config.quality, ("rgb",))
            self.chase = Renderer(library, self.scene, self.state, settings, threads=threads)

    def render(self, frame: int) -> dict[str, Any]:
        """Arrays of one frame, owned by the caller: the renderer's outputs, labels, amodal masks, view."""
        show(self.tracks, frame, self.scene, self.state, self.renderer.window)
        self.renderer.render(self.scene)
        self.labeller.measure(self.scene)
        images: dict[str, Any] = self.renderer.frames.numpy()
        arrays = {k: np.array(v[0, 0]) for k, v in images.items()}
        measured = self.labeller.numpy()
        labels = {k: np.array(v[0] if k in PER_WORLD else v[0, 0]) for k, v in measured.items()}
        view = self.renderer.views[1]
        out = {
            "arrays": arrays,
            "labels": labels,
            "amodal": self.labeller.amodal_masks()[0, 0] if self.config.amodal else None,
            "view": (view.pos.numpy()[0, 0].copy(), view.rot.numpy()[0, 0].copy()),
            "signals": self.signals.labels(self.renderer, self.tracks.arrays["signal"][frame]),
        }
        out |= self.surroundings.measure()
        if self.chase is not None:
            show(self.tracks, frame, self.scene, self.state, self.chase.window)
            self.chase.render(self.scene)
            images = self.chase.frames.numpy()
            out["chase"] = np.array(images["rgb"][0, 0])
        return out

    def sample(self, key: str, frame: int, picture: Mapping[str, Any]) -> dict[str, Any]:
        """A frame's arrays as a sample to write, the labels last."""
        arrays = picture["arrays"]
        pose = {name: self.tracks.arrays[name][frame] for name in POSES}
        labels = annotate(
            frame, self.tracks.time(frame), arrays["instance"], picture["labels"], picture["amodal"], pose,
            picture["view"], self.subjects,
        )  # fmt: skip
        labels |= {"environment": self.environment, "signals": picture["signals"]}
        if "panoptic" in arrays:
            labels["segments"] = segments(arrays["panoptic"])
        sample = {"__key__": key}
        if "chase" in picture:
            sample["chase.png"] = picture["chase"]
        return sample | {
            "rgb.png": arrays["rgb"],
            "semantic.png": arrays["semantic"],
            "instance.png": arrays["instance"].astype(np.uint16),
            **{OUTPUTS[name].file: OUTPUTS[name].encode(picture) for name in self.config.outputs},
            "json": labels,
        }


def frame_key(draw: str, frame: int) -> str:
    """Key of a frame's sample."""
    return f"{draw}/{frame:06d}"


def frames_missing(root: Path, draw: str, count: int, config: DatasetConfig) -> list[int]:
    """Frames of a draw of which not every file stands."""
    writer = DirectoryWriter(root, FOLDERS)
    unwanted = {output.file for name, output in OUTPUTS.items() if name not in config.outputs}
    unwanted |= set() if config.chase else {"chase.png"}
    wanted = [extension for extension in FOLDERS if extension not in unwanted]
    return [
        k
        for k in range(count)
        if not all(writer.path(frame_key(draw, k), extension).is_file() for extension in reversed(wanted))
    ]


def read_labels(root: Path, draw: str, count: int) -> list[dict[str, Any]]:
    """Labels of a draw's frames."""
    writer = DirectoryWriter(root, FOLDERS)
    return [json.loads(writer.path(frame_key(draw, k), "json").read_bytes()) for k in range(count)]


def overlaid_frames(
    root: Path, draw: str, tracks: Tracks, names: Sequence[str], config: DatasetConfig
) -> Iterator[np.ndarray]:
    """The film of a draw from its files: each picture, or the view from behind, and beside it boxes and classes."""
    import cv2

    from sim.export.hazard import hazard_rows
    from sim.export.overlay import draw_overlay
    from sim.export.video import side_by_side

    writer = DirectoryWriter(root, FOLDERS)
    rows = hazard_rows(draw, tracks, names)
    for k, labels in enumerate(read_labels(root, draw, tracks.nframe)):
        key = frame_key(draw, k)
        bgr, semantic, shown = (
            cv2.imread(str(writer.path(key, e)), cv2.IMREAD_UNCHANGED)
            for e in ("rgb.png", "semantic.png", "chase.png" if config.chase else "rgb.png")
        )
        if bgr is None or semantic is None or shown is None:
            raise SwerveError(f"{root}: frame {k} of {draw} is damaged; remove its file in labels/ and run again")
        rgb = np.ascontiguousarray(bgr[..., ::-1])
        overlay = draw_overlay(rgb, np.asarray(semantic), labels, rows[k])
        yield side_by_side(np.ascontiguousarray(shown[..., ::-1]), overlay)


def make_renderers(
    library: MeshLibrary, batch: Batch, world: int, tracks: Tracks, config: DatasetConfig, count: int
) -> list[FrameRenderer]:
    """Renderers of one world that share ``count`` frames.

    Some stages of a picture run on one thread, so on the CPU cores are used best by a picture each; large pictures and GPUs have
    but one renderer, for their memory.
    """
    cores = os.cpu_count() or 1
    alone = batch.scene.valid.device.is_cuda or config.size[0] * config.size[1] > LARGE
    number = 1 if alone else max(1, min(cores, RENDERERS, count))
    return [FrameRenderer(library, batch, world, tracks, config, max(1, cores // number)) for _ in range(number)]


def write_frames(
    renderers: Sequence[FrameRenderer], root: Path, draw: str, frames: Sequence[int], progress: Callable[[int], None]
) -> None:
    """Render and write some frames.

    Args:
        renderers: Of the world: each takes the next frame as soon as it is through with one.
        root: The data set's folder.
        draw: Id of the draw.
        frames: Which.
        progress: Called with 1 after each frame.
    """
    writer = DirectoryWriter(root, FOLDERS)
    todo, lock, stop = iter(frames), Lock(), Event()

    def work(renderer: FrameRenderer, files: ThreadPoolExecutor) -> None:
        waiting: list[Future[None]] = []
        while not stop.is_set():
            with lock:
                frame = next(todo, None)
            if frame is None:
                break
            sample = renderer.sample(frame_key(draw, frame), frame, renderer.render(frame))
            waiting.append(files.submit(writer.write, sample))
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
            # After an error or an interruption: no further frame is begun, those at work are finished.
            stop.set()
    writer.close()
