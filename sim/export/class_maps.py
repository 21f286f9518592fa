"""Swerve's classes in the words of other data sets: Cityscapes, COCO, KITTI, nuScenes, BDD100K.

Swerve's first 19 classes are Cityscapes' train ids. Where a set has no class for something, its 'ignore' stands: 255 for train ids, 0
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Semantic


@dataclass(frozen=True)
class ClassNames:
    """A class elsewhere."""

    cityscapes: int
    """Label id (`labels.py` of cityscapesScripts); KITTI's semantic benchmark uses the same."""
    cityscapes_train: int
    """Train id, 255: ignored; BDD100K's semantic segmentation uses the same."""
    coco: int
    """Category id of COCO panoptic: things as in detection, stuff from 92 on; 0: none."""
    kitti: str | None
    """Type in KITTI's object labels; None: not labelled there."""
    nuscenes: int
    """Index of nuScenes-lidarseg's 32 classes; 0: noise."""
    nuscenes_detection: str | None
    """One of nuScenes' ten detection classes."""
    bdd_detection: str | None
    """One of BDD100K's ten detection classes."""


CLASS_MAPS: dict[Semantic, ClassNames] = {
    Semantic.ROAD: ClassNames(7, 0, 149, None, 24, None, None),
    Semantic.SIDEWALK: ClassNames(8, 1, 191, None, 26, None, None),
    Semantic.BUILDING: ClassNames(11, 2, 197, None, 28, None, None),
    Semantic.WALL: ClassNames(12, 3, 199, None, 28, None, None),
    Semantic.FENCE: ClassNames(13, 4, 185, None, 28, None, None),
    Semantic.POLE: ClassNames(17, 5, 0, None, 28, None, None),
    Semantic.TRAFFIC_LIGHT: ClassNames(19, 6, 10, None, 28, None, "traffic light"),
    Semantic.TRAFFIC_SIGN: ClassNames(20, 7, 0, None, 28, None, "traffic sign"),
    Semantic.VEGETATION: ClassNames(21, 8, 184, None, 30, None, None),
    Semantic.TERRAIN: ClassNames(22, 9, 193, None, 27, None, None),
    Semantic.SKY: ClassNames(23, 10, 187, None, 0, None, None),
    Semantic.PERSON: ClassNames(24, 11, 1, "Pedestrian", 2, "pedestrian", "pedestrian"),
    Semantic.RIDER: ClassNames(25, 12, 1, "Cyclist", 14, "bicycle", "rider"),
    Semantic.CAR: ClassNames(26, 13, 3, "Car", 17, "car", "car"),
    Semantic.TRUCK: ClassNames(27, 14, 8, "Truck", 23, "truck", "truck"),
    Semantic.BUS: ClassNames(28, 15, 6, "Misc", 16, "bus", "bus"),
    Semantic.TRAIN: ClassNames(31, 16, 7, "Tram", 16, None, "train"),
    Semantic.MOTORCYCLE: ClassNames(32, 17, 4, "Misc", 21, "motorcycle", "motorcycle"),
    Semantic.BICYCLE: ClassNames(33, 18, 2, "Cyclist", 14, "bicycle", "bicycle"),
    Semantic.ROAD_MARKING: ClassNames(7, 0, 149, None, 24, None, None),
    Semantic.GUARD_RAIL: ClassNames(14, 255, 185, None, 28, None, None),
    Semantic.ANIMAL: ClassNames(5, 255, 0, "Misc", 1, None, None),
    Semantic.OBSTACLE: ClassNames(5, 255, 0, "Misc", 10, None, None),
    Semantic.TRAFFIC_CONE: ClassNames(5, 255, 0, "Misc", 12, "traffic_cone", None),
    Semantic.STATIC: ClassNames(4, 255, 0, None, 29, None, None),
    Semantic.VAN: ClassNames(26, 13, 3, "Van", 17, "car", "car"),
    Semantic.TRAILER: ClassNames(30, 255, 8, "Misc", 22, "trailer", "truck"),
    Semantic.VOID: ClassNames(0, 255, 0, None, 0, None, None),
}
"""Every class of Swerve; dogs among animals are COCO's 18 in annotations (`sim.export.coco`)."""

IMAGE_MAPS = ("cityscapes", "cityscapes_train", "coco", "nuscenes", "kitti", "bdd100k")
"""Sets in which `convert_classes` numbers pixels; 'kitti' is 'cityscapes' and 'bdd100k' 'cityscapes_train'."""

_SAME = {"kitti": "cityscapes", "bdd100k": "cityscapes_train"}


def convert_classes(semantic: npt.NDArray[np.uint8], name: str) -> npt.NDArray[np.uint8]:
    """A semantic image in another set's numbers.

    Args:
        semantic: `Semantic` of each pixel, of any shape.
        name: One of `IMAGE_MAPS`.

    Raises:
        ValueError: for an unknown set, or a number that is no class.
    """
    if name not in IMAGE_MAPS:
        raise ValueError(f"no classes of {name!r}: choose one of {', '.join(IMAGE_MAPS)}")
    field = _SAME.get(name, name)
    table = np.zeros(256, np.uint8)
    for one in Semantic:
        table[one] = getattr(CLASS_MAPS[one], field)
    unknown = np.setdiff1d(semantic, [int(s) for s in Semantic])
    if unknown.size:
        raise ValueError(f"{int(unknown[-1])} is no class of Swerve")
    return table[semantic]


def class_table() -> dict[str, Mapping[str, object]]:
    """The maps as plain data by class name, for calibration.json."""
    return {s.name.lower(): {"id": int(s), **vars(CLASS_MAPS[s])} for s in Semantic}
