"""Swerve's classes in other sets' numbers: complete, and right where the sets are known by heart."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sim.export.class_maps import CLASS_MAPS, IMAGE_MAPS, class_table, convert_classes
from sim.export.coco import CATEGORIES, category_of
from sim.render.mesh import Semantic

# cityscapesScripts' labels.py: train id -> id.
CITYSCAPES = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
NUSCENES_DETECTION = {
    "car", "truck", "bus", "trailer", "construction_vehicle", "pedestrian", "motorcycle", "bicycle", "traffic_cone", "barrier",
}  # fmt: skip
# nuscenes-devkit: lidarseg's index of a category and the detection class that category counts as; all others count as none.
NUSCENES_COUNTS_AS = {
    2: "pedestrian", 9: "barrier", 12: "traffic_cone", 14: "bicycle", 16: "bus", 17: "car", 21: "motorcycle", 22: "trailer", 23: "truck",
}  # fmt: skip
BDD_DETECTION = {
    "pedestrian", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle", "traffic light", "traffic sign",
}  # fmt: skip
KITTI_TYPES = {"Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc"}


def test_every_class_is_mapped():
    assert set(CLASS_MAPS) == set(Semantic)
    assert [int(s) for s in Semantic] == [*range(len(Semantic) - 1), 255]
    every = np.array(Semantic, np.uint8).reshape(4, 7)
    for name in IMAGE_MAPS:
        assert convert_classes(every, name).shape == every.shape
    assert set(class_table()) == {s.name.lower() for s in Semantic}


def test_train_classes_are_cityscapes():
    train = np.arange(19, dtype=np.uint8)
    np.testing.assert_array_equal(convert_classes(train, "cityscapes_train"), train)
    np.testing.assert_array_equal(convert_classes(train, "bdd100k"), train)
    np.testing.assert_array_equal(convert_classes(train, "cityscapes"), CITYSCAPES)
    np.testing.assert_array_equal(convert_classes(train, "kitti"), CITYSCAPES)
    for semantic, names in CLASS_MAPS.items():
        if names.cityscapes_train != 255:
            assert names.cityscapes == CITYSCAPES[names.cityscapes_train], semantic


def test_names_are_the_sets_own():
    for names in CLASS_MAPS.values():
        assert names.nuscenes_detection is None or names.nuscenes_detection in NUSCENES_DETECTION
        assert names.bdd_detection is None or names.bdd_detection in BDD_DETECTION
        assert names.kitti is None or names.kitti in KITTI_TYPES
        assert 0 <= names.nuscenes < 32


def test_nuscenes_two_maps_agree():
    for semantic, names in CLASS_MAPS.items():
        if (
            semantic != Semantic.TRAIN
        ):  # there is none in nuScenes: its points are nearest to a bus, its box is not asked for
            assert names.nuscenes_detection == NUSCENES_COUNTS_AS.get(names.nuscenes), semantic


def test_the_documentations_table_is_the_code():
    text = (Path(__file__).resolve().parents[2] / "docs" / "dataset.md").read_text()
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if re.match(r"\| \d+ [a-z_]+ \|", line)]
    assert [row[0] for row in rows] == [f"{int(s)} {s.name.lower()}" for s in Semantic]
    for semantic, row in zip(Semantic, rows, strict=True):
        assert row[1:] == ["-" if value is None else str(value) for value in vars(CLASS_MAPS[semantic]).values()], (
            semantic
        )


def test_coco_ids_agree_with_the_annotations():
    for semantic, names in CLASS_MAPS.items():
        category = category_of(int(semantic))
        if category.coco_id is not None:
            assert names.coco == category.coco_id, semantic
    assert len({c.id for c in CATEGORIES}) == len(CATEGORIES)


def test_unknown_sets_and_numbers_are_refused():
    with pytest.raises(ValueError, match="choose one of cityscapes"):
        convert_classes(np.zeros((2, 2), np.uint8), "ade20k")
    with pytest.raises(ValueError, match="99 is no class"):
        convert_classes(np.full((2, 2), 99, np.uint8), "coco")
