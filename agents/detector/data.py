"""Pictures and boxes of a data set that `swerve render` wrote, and how pictures are varied in training."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from sim.errors import SwerveError

MERGED = {
    "person": ("person", "rider"),
    "cycle": ("bicycle", "motorcycle"),
    "car": ("car", "van"),
    "truck": ("truck", "trailer"),
    "bus": ("bus", "train"),
    "animal": ("cat", "dog", "horse", "cow", "animal"),
    "obstacle": ("obstacle", "traffic cone", "object"),
}
"""Classes of the detector, and the data set's categories that each stands for; boxes of other categories (signs, signals) are ignored."""
CLASSES = tuple(MERGED)
SHADINGS = {"rgb": "frames", "flat": "flat"}
"""Kinds of pictures, and their folder in the data set."""

LEAST_SIZE = 10.0
"""Boxes whose longer side is shorter than this, in the pictures as the detector sees them, are ignored [pixels]."""
MOST_HIDDEN = 0.9
"""Boxes of actors of which more than this share is hidden by others are ignored."""


@dataclass(frozen=True)
class Boxes:
    """What there is to find in a picture."""

    box: np.ndarray
    """Left, top, right, bottom, float32 (n, 4) [pixels]."""
    label: np.ndarray
    """Index in `CLASSES`, (n,)."""
    ignored: np.ndarray
    """Boxes that are neither to be found nor wrong to find, float32 (m, 4)."""
    ignored_label: np.ndarray
    """Index in `CLASSES` of each, -1 for none of them, (m,)."""

    def without_small(self) -> Boxes:
        """The same with boxes under `LEAST_SIZE` among the ignored ones."""
        small = (self.box[:, 2:] - self.box[:, :2]).max(1, initial=0.0) < LEAST_SIZE
        return Boxes(
            self.box[~small],
            self.label[~small],
            np.concatenate([self.ignored, self.box[small]]),
            np.concatenate([self.ignored_label, self.label[small]]),
        )


@dataclass(frozen=True)
class Frame:
    """One picture."""

    file: str
    """As COCO's ``file_name``: below the data set's folder, of the shaded picture."""
    draw: str
    scenario: str
    split: str
    """'train' or 'val'."""
    boxes: Boxes

    def path(self, root: Path, shading: str) -> Path:
        """Its file of one of `SHADINGS`."""
        rest = Path(*Path(self.file).parts[1:])
        return root / SHADINGS[shading] / (rest if shading == "rgb" else rest.with_suffix(".png"))


def read_frames(root: Path, size: tuple[int, int]) -> list[Frame]:
    """All pictures of a data set with their boxes.

    Args:
        root: The data set's folder.
        size: Width and height that pictures are brought to [pixels].

    Raises:
        SwerveError: if it is no data set that is complete and split.
    """
    try:
        data = json.loads((root / "annotations.json").read_bytes())
        videos = {video["id"]: video for video in data["videos"]}
        category = {row["id"]: row["name"] for row in data["categories"]}
        items: dict[int, list[dict]] = {image["id"]: [] for image in data["images"]}
        for item in data["annotations"]:
            items[item["image_id"]].append(item)
        return [
            Frame(
                image["file_name"],
                (video := videos[image["video_id"]])["name"],
                video["scenario"],
                video["split"],
                boxes_of(items[image["id"]], category, (size[0] / image["width"], size[1] / image["height"])),
            )
            for image in data["images"]
        ]
    except FileNotFoundError:
        raise SwerveError(
            f"{root}: holds no complete data set; `swerve render scenarios/ --out {root}` makes one"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise SwerveError(f"{root}/annotations.json: no split data set of this version ({error!r})") from None


def boxes_of(items: Sequence[dict], category: dict[int, str], scale: tuple[float, float]) -> Boxes:
    """The boxes of a picture's COCO annotations, brought to the detector's size."""
    of = {name: k for k, names in enumerate(MERGED.values()) for name in names}
    box = np.array([item["bbox"] for item in items], np.float32).reshape(-1, 4)
    box[:, 2:] += box[:, :2]
    box *= np.array([*scale, *scale], np.float32)
    label = np.array([of.get(category[item["category_id"]], -1) for item in items], np.int64)
    ignored = (label < 0) | (np.array([item["occlusion"] for item in items], np.float32) > MOST_HIDDEN)
    return Boxes(box[~ignored], label[~ignored], box[ignored], label[ignored]).without_small()


def choose(frames: Sequence[Frame], part: str, hold_out: str) -> list[Frame]:
    """Pictures to train with, or to evaluate on.

    Args:
        frames: All there are.
        part: 'train' or 'val': of that split, without the scenario held back; 'held': all of the scenario held back.
        hold_out: The scenario held back; empty: none.

    Raises:
        SwerveError: if there are none, naming what there is.
    """
    scenarios = sorted({frame.scenario for frame in frames})
    if hold_out and hold_out not in scenarios:
        raise SwerveError(f"--hold-out {hold_out}: the data set has no such scenario; it has {', '.join(scenarios)}")
    held = [frame for frame in frames if frame.scenario == hold_out]
    chosen = held if part == "held" else [f for f in frames if f.split == part and f.scenario != hold_out]
    if not chosen:
        raise SwerveError(
            f"the data set has no pictures for {part!r}: render more --draws (five or more give both splits)"
        )
    return chosen


def load_images(
    root: Path,
    frames: Sequence[Frame],
    shading: str,
    size: tuple[int, int],
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Pictures in memory, uint8 RGB (n, height, width, 3).

    Raises:
        SwerveError: naming a picture that is missing.
    """
    out = np.empty((len(frames), size[1], size[0], 3), np.uint8)
    for k, frame in enumerate(frames):
        path = frame.path(root, shading)
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            hint = "; `swerve render --outputs flat` writes flat pictures" if shading == "flat" else ""
            raise SwerveError(f"{path}: this picture is not there or cannot be read{hint}")
        if image.shape[:2] != (size[1], size[0]):
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        out[k] = image[..., ::-1]
        if progress is not None:
            progress(1)
    return out


def vary(image: np.ndarray, boxes: Boxes, rng: np.random.Generator) -> tuple[np.ndarray, Boxes]:
    """A picture mirrored, zoomed, shifted and recoloured at random, with its boxes; uint8 in, float32 out."""
    height, width = image.shape[:2]
    zoom = float(np.exp(rng.uniform(np.log(0.8), np.log(1.6))))
    shift = rng.uniform(0, 1, 2) * (1 - zoom) * (width, height)
    scale = np.array([zoom, zoom])
    if rng.random() < 0.5:
        scale[0], shift[0] = -zoom, width - shift[0]
    # Boxes count from the edge of the first pixel, OpenCV from its middle.
    middle = shift + 0.5 * scale - 0.5
    matrix = np.array([[scale[0], 0.0, middle[0]], [0.0, scale[1], middle[1]]])
    mean = image[::8, ::8].mean((0, 1)).tolist()
    moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=mean)
    gain = np.exp(rng.normal(0, 0.1, 3)).astype(np.float32)
    curve = 255.0 * np.linspace(0, 1, 256, dtype=np.float32) ** np.float32(np.exp(rng.normal(0, 0.2)))
    varied = curve[np.asarray(moved, np.uint8)] * gain
    if rng.random() < 0.2:
        varied = np.repeat(varied.mean(2, keepdims=True), 3, 2)
    return varied, move(boxes, scale, shift, (width, height))


def move(boxes: Boxes, scale: np.ndarray, shift: np.ndarray, size: tuple[int, int]) -> Boxes:
    """Boxes whose corners are scaled, then shifted, cut to the picture; those of which less than half is left are ignored.

    Args:
        boxes: The boxes.
        scale: Along x and y; negative where mirrored.
        shift: Along x and y [pixels].
        size: Width and height of the picture [pixels].
    """

    def carried(box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        corners = box.reshape(-1, 2, 2) * scale + shift
        whole = np.concatenate([corners.min(1), corners.max(1)], 1).astype(np.float32)
        cut = np.clip(whole, 0, np.array([*size, *size], np.float32))
        share = np.prod(cut[:, 2:] - cut[:, :2], 1) / np.maximum(np.prod(whole[:, 2:] - whole[:, :2], 1), 1e-6)
        return cut, share

    (box, share), (ignored, seen) = carried(boxes.box), carried(boxes.ignored)
    whole, part = share >= 0.5, (share > 0) & (share < 0.5)
    return Boxes(
        box[whole],
        boxes.label[whole],
        np.concatenate([ignored[seen > 0], box[part]]),
        np.concatenate([boxes.ignored_label[seen > 0], boxes.label[part]]),
    ).without_small()
