"""Whose pictures: one camera's of one draw, where their files stand, and reading labels from these."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from sim.cameras import CameraConfig
from sim.config import USUAL_LABELS, DatasetConfig
from sim.errors import SwerveError
from sim.export.outputs import OUTPUTS
from sim.export.writer import DirectoryWriter


@dataclass(frozen=True)
class View:
    """One camera's pictures of one draw."""

    draw: str
    """Id of the draw."""
    camera: CameraConfig
    number: int
    """Place of the camera in the rig."""
    alone: bool
    """Whether it is the data set's only camera: its files then need no folder of their own."""
    chase: bool = False
    """Whether the view from behind the ego belongs to it."""
    outputs: tuple[str, ...] = USUAL_LABELS
    """Labels beside the picture, its classes, instances and annotations (`sim.export.outputs`)."""

    @property
    def name(self) -> str:
        """Folder of its files within 'frames', 'masks' and so on: the draw's, or the camera's within it."""
        return self.draw if self.alone else f"{self.draw}/{self.camera.name}"

    def key(self, frame: int) -> str:
        """Key of a frame's sample."""
        return f"{self.name}/{frame:06d}"

    @property
    def picture(self) -> str:
        """Extension of the picture."""
        return "rgb.jpg" if self.camera.jpeg else "rgb.png"

    @property
    def folders(self) -> dict[str, str]:
        """Folder of each entry of a sample; the labels are written last and mark a frame as done."""
        twin = {f"clean.{self.picture.rsplit('.', 1)[-1]}": "clean"} if self.camera.faults else {}
        return {
            **twin,
            self.picture: "frames",
            "semantic.png": "masks",
            "instance.png": "masks",
            **{OUTPUTS[name].file: OUTPUTS[name].folder for name in self.outputs if not OUTPUTS[name].once},
            "json": "labels",
        }

    @property
    def shared(self) -> dict[str, str]:
        """Folder of each file that a frame has once, whatever its cameras: it is written with the first camera's."""
        if self.number > 0:
            return {}
        once = {OUTPUTS[name].file: OUTPUTS[name].folder for name in self.outputs if OUTPUTS[name].once}
        return ({"chase.png": "chase"} if self.chase else {}) | once

    def shared_key(self, frame: int) -> str:
        """Key of the sample of ``shared``."""
        return f"{self.draw}/{frame:06d}"

    def writer(self, root: Path) -> DirectoryWriter:
        """Of its samples."""
        return DirectoryWriter(root, self.folders)

    def chase_path(self, root: Path, frame: int) -> Path:
        """The view from behind at a frame."""
        return root / "chase" / self.draw / f"{frame:06d}.png"

    def is_complete(self, root: Path, frame: int) -> bool:
        """Whether every file of a frame stands."""
        writer, key = self.writer(root), self.key(frame)
        shared, name = DirectoryWriter(root, self.shared), self.shared_key(frame)
        if not all(shared.path(name, extension).is_file() for extension in self.shared):
            return False
        return all(writer.path(key, extension).is_file() for extension in reversed(self.folders))

    def read_labels(self, root: Path, count: int) -> list[dict[str, Any]]:
        """Labels of its frames."""
        writer = self.writer(root)
        return [json.loads(writer.path(self.key(k), "json").read_bytes()) for k in range(count)]


def views_of(draw: str, config: DatasetConfig) -> list[View]:
    """The views of a draw."""
    cameras = config.cameras
    return [View(draw, c, k, len(cameras) == 1, config.chase and k == 0, config.outputs) for k, c in enumerate(cameras)]


def missing_frames(root: Path, views: Sequence[View], count: int) -> list[tuple[View, int]]:
    """Pictures of which not every file stands, frame by frame."""
    return [(view, k) for k in range(count) for view in views if not view.is_complete(root, k)]


def label_path(root: Path, view: View, name: str, frame: int) -> Path:
    """Where a label's file stands; of those that a frame has once, whatever the camera, with the first camera's view."""
    if OUTPUTS[name].once:
        return DirectoryWriter(root, view.shared).path(view.shared_key(frame), OUTPUTS[name].file)
    return view.writer(root).path(view.key(frame), OUTPUTS[name].file)


def read_label(path: Path) -> Any:
    """Arrays of an .npz by name, or a picture.

    Raises:
        SwerveError: if the file is damaged.
    """
    import cv2

    image: Any = None
    if path.suffix == ".npz":
        try:
            with path.open("rb") as raw, np.load(raw) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, BadZipFile, zlib.error):
            pass
    else:
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SwerveError(f"{path}: is damaged; remove it and run again")
    return np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else image
