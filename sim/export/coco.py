"""COCO: categories with COCO's own ids where it has the class, run-length masks, and one `annotations.json` of many frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.assets.skeleton import KEYPOINTS
from sim.export.states import panoptic_categories
from sim.export.writer import encode_json
from sim.render.mesh import Semantic


@dataclass(frozen=True)
class CocoCategory:
    """A row of ``categories``."""

    id: int
    name: str
    supercategory: str
    coco_id: int | None
    """Id of the COCO class that covers it, None if there is none; equal to ``id`` where the class is COCO's own."""
    coco_name: str | None


CATEGORIES = (
    CocoCategory(1, "person", "person", 1, "person"),
    CocoCategory(2, "bicycle", "vehicle", 2, "bicycle"),
    CocoCategory(3, "car", "vehicle", 3, "car"),
    CocoCategory(4, "motorcycle", "vehicle", 4, "motorcycle"),
    CocoCategory(6, "bus", "vehicle", 6, "bus"),
    CocoCategory(7, "train", "vehicle", 7, "train"),
    CocoCategory(8, "truck", "vehicle", 8, "truck"),
    CocoCategory(10, "traffic light", "outdoor", 10, "traffic light"),
    CocoCategory(17, "cat", "animal", 17, "cat"),
    CocoCategory(18, "dog", "animal", 18, "dog"),
    CocoCategory(19, "horse", "animal", 19, "horse"),
    CocoCategory(21, "cow", "animal", 21, "cow"),
    CocoCategory(101, "van", "vehicle", 3, "car"),
    CocoCategory(102, "trailer", "vehicle", 8, "truck"),
    CocoCategory(103, "rider", "person", 1, "person"),
    CocoCategory(104, "animal", "animal", None, None),
    CocoCategory(105, "obstacle", "obstacle", None, None),
    CocoCategory(106, "traffic cone", "obstacle", None, None),
    CocoCategory(107, "traffic sign", "outdoor", None, None),
    CocoCategory(108, "object", "obstacle", None, None),
)
"""Ids below 100 are those of COCO 2017; ids from 101 are Swerve's own."""

BY_NAME = {category.name: category for category in CATEGORIES}

_OF_SEMANTIC = {
    Semantic.PERSON: "person",
    Semantic.RIDER: "rider",
    Semantic.CAR: "car",
    Semantic.TRUCK: "truck",
    Semantic.BUS: "bus",
    Semantic.TRAIN: "train",
    Semantic.MOTORCYCLE: "motorcycle",
    Semantic.BICYCLE: "bicycle",
    Semantic.VAN: "van",
    Semantic.TRAILER: "trailer",
    Semantic.ANIMAL: "animal",
    Semantic.OBSTACLE: "obstacle",
    Semantic.TRAFFIC_CONE: "traffic cone",
    Semantic.TRAFFIC_LIGHT: "traffic light",
    Semantic.TRAFFIC_SIGN: "traffic sign",
}


def category_of(semantic: int, kinds: Iterable[str] = ()) -> CocoCategory:
    """Category of an actor.

    Args:
        semantic: `Semantic` of the actor.
        kinds: What its asset may be called in scenario files: tells dogs, cats, horses and cows from other animals.
    """
    if semantic == Semantic.ANIMAL:
        own = next((kind for kind in kinds if kind in BY_NAME and BY_NAME[kind].supercategory == "animal"), "animal")
        return BY_NAME[own]
    try:
        return BY_NAME[_OF_SEMANTIC.get(Semantic(semantic), "object")]
    except ValueError:
        return BY_NAME["object"]


SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11), (2, 3), (1, 2), (1, 3),
    (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip
"""COCO's pairs of keypoints that are joined by a line, counted from 1."""


def category_row(category: CocoCategory) -> dict[str, Any]:
    """A category as COCO lists it; those of people name their keypoints."""
    people = {"keypoints": list(KEYPOINTS), "skeleton": [list(pair) for pair in SKELETON]}
    return {**vars(category), **(people if category.coco_name == "person" else {})}


def encode_mask(mask: np.ndarray) -> dict[str, Any]:
    """Compressed column-major run lengths of a mask, as COCO stores them: ``{"size": [height, width], "counts": ascii}``."""
    from pycocotools import mask as coco_mask

    runs: Any = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(n) for n in runs["size"]], "counts": runs["counts"].decode("ascii")}


def decode_mask(runs: Mapping[str, Any]) -> np.ndarray:
    """The mask, bool (height, width)."""
    from pycocotools import mask as coco_mask

    return coco_mask.decode({"size": list(runs["size"]), "counts": runs["counts"].encode("ascii")}).astype(bool)


@dataclass(frozen=True)
class Film:
    """One camera's pictures of one draw, a video of COCO's."""

    name: str
    """The draw's id, and the camera's name where there are several."""
    size: tuple[int, int]
    """Width and height of its pictures [pixels]."""
    suffix: str
    """Of its picture files: 'png' or 'jpg'."""
    read: Callable[[], Sequence[Mapping[str, Any]]]
    """Reads the labels of its frames, as `sim.export.annotate.annotate` gives them."""
    scenario: str
    """Whose draw it is: equal for all draws of one scenario."""
    split: str
    """'train' or 'val' (`sim.export.split`)."""


def merge_annotations(films: Sequence[Film], info: Mapping[str, Any]) -> Iterator[bytes]:
    """One COCO data set of the labels of many frames, piece by piece, so that only one film's labels are in memory.

    It holds COCO's ``images``, ``annotations`` (1-based ids) and ``categories``; ``videos`` (with ``scenario`` and ``split``) and
    ``track_id`` as in video data sets; under ``hidden`` the actors within the picture of which no pixel is visible, which are no
    annotations.

    Args:
        films: The films; labels are read once for each of the three lists.
        info: Goes to ``info``.

    Yields:
        The JSON, UTF-8.
    """
    head = {
        "info": dict(info),
        "licenses": [],
        "categories": [category_row(category) for category in CATEGORIES],
        "videos": [
            {"id": v, "name": film.name, "scenario": film.scenario, "split": film.split}
            for v, film in enumerate(films, 1)
        ],
    }
    yield encode_json(head).rstrip()[:-1]
    for name, rows in (("images", _images(films)), ("annotations", _objects(films)), ("hidden", _hidden(films))):
        yield f',"{name}":['.encode()
        for k, row in enumerate(rows):
            yield (b",\n" if k else b"\n") + encode_json(row).rstrip()
        yield b"]"
    yield b"}\n"


def merge_panoptic(films: Sequence[Film], info: Mapping[str, Any]) -> Iterator[bytes]:
    """COCO's panoptic annotations of many frames, piece by piece; their images are ``masks/<film>/<frame>.panoptic.png``."""
    head = {"info": dict(info), "licenses": [], "categories": panoptic_categories()}
    yield encode_json(head).rstrip()[:-1]
    for name, rows in (("images", _images(films)), ("annotations", _segments(films))):
        yield f',"{name}":['.encode()
        for k, row in enumerate(rows):
            yield (b",\n" if k else b"\n") + encode_json(row).rstrip()
        yield b"]"
    yield b"}\n"


def _segments(films: Sequence[Film]) -> Iterator[dict[str, Any]]:
    for image, _, film, labels in _frames(films):
        file = f"masks/{film.name}/{labels['frame']:06d}.panoptic.png"
        yield {"image_id": image, "file_name": file, "segments_info": labels["segments"]}


def _frames(films: Sequence[Film]) -> Iterator[tuple[int, int, Film, Mapping[str, Any]]]:
    """Number of image, number of video, film and labels of every frame."""
    image = 0
    for video, film in enumerate(films, 1):
        for labels in film.read():
            image += 1
            yield image, video, film, labels


def _images(films: Sequence[Film]) -> Iterator[dict[str, Any]]:
    for image, video, film, labels in _frames(films):
        yield {
            "id": image,
            "file_name": f"frames/{film.name}/{labels['frame']:06d}.{film.suffix}",
            "width": film.size[0],
            "height": film.size[1],
            "video_id": video,
            "frame_id": labels["frame"],
            "time": labels["time"],
            "camera": labels["camera"],
            "environment": labels["environment"],
            "signals": labels["signals"],
        }


def _objects(films: Sequence[Film]) -> Iterator[dict[str, Any]]:
    number = 0
    for image, video, _, labels in _frames(films):
        for item in labels["objects"]:
            number += 1
            yield {"id": number, "image_id": image, "video_id": video, **item}


def _hidden(films: Sequence[Film]) -> Iterator[dict[str, Any]]:
    for image, video, _, labels in _frames(films):
        yield from ({"image_id": image, "video_id": video, **item} for item in labels["hidden"])
