"""COCO: categories with COCO's own ids where it has the class, run-length masks, and one `annotations.json` of many frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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
    CocoCategory(18, "dog", "animal", 18, "dog"),
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
        kinds: What its asset may be called in scenario files: tells dogs from other animals.
    """
    if semantic == Semantic.ANIMAL and "dog" in set(kinds):
        return BY_NAME["dog"]
    try:
        return BY_NAME[_OF_SEMANTIC.get(Semantic(semantic), "object")]
    except ValueError:
        return BY_NAME["object"]


def encode_mask(mask: np.ndarray) -> dict[str, Any]:
    """Compressed column-major run lengths of a mask, as COCO stores them: ``{"size": [height, width], "counts": ascii}``."""
    from pycocotools import mask as coco_mask

    runs: Any = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(n) for n in runs["size"]], "counts": runs["counts"].decode("ascii")}


def decode_mask(runs: Mapping[str, Any]) -> np.ndarray:
    """The mask, bool (height, width)."""
    from pycocotools import mask as coco_mask

    return coco_mask.decode({"size": list(runs["size"]), "counts": runs["counts"].encode("ascii")}).astype(bool)


def merge_annotations(
    draws: Sequence[tuple[str, Sequence[Mapping[str, Any]]]], size: tuple[int, int], info: Mapping[str, Any]
) -> dict[str, Any]:
    """One COCO data set of the labels of many frames.

    Args:
        draws: Per draw its id and the labels of its frames, as `sim.export.annotate.annotate` gives them.
        size: Width and height of the pictures.
        info: Goes to ``info``.

    Returns:
        COCO's ``images``, ``annotations`` (1-based ids) and ``categories``; ``videos`` and ``track_id`` as in video data
        sets; under ``hidden`` the actors within the picture of which no pixel is visible, which are no annotations.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    hidden: list[dict[str, Any]] = []
    videos = [{"id": v, "name": name} for v, (name, _) in enumerate(draws, 1)]
    for video, (name, frames) in enumerate(draws, 1):
        for labels in frames:
            image = len(images) + 1
            images.append(
                {
                    "id": image,
                    "file_name": f"frames/{name}/{labels['frame']:06d}.png",
                    "width": size[0],
                    "height": size[1],
                    "video_id": video,
                    "frame_id": labels["frame"],
                    "time": labels["time"],
                    "camera": labels["camera"],
                }
            )
            for item in labels["objects"]:
                annotations.append({"id": len(annotations) + 1, "image_id": image, "video_id": video, **item})
            hidden += [{"image_id": image, "video_id": video, **item} for item in labels["hidden"]]
    return {
        "info": dict(info),
        "licenses": [],
        "videos": videos,
        "images": images,
        "annotations": annotations,
        "categories": [vars(category) for category in CATEGORIES],
        "hidden": hidden,
    }
