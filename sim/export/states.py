"""What a frame's labels say beyond boxes and masks: states of lamps, signals and bodies, keypoints, panoptic segments, weather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.assets.spec import Category
from sim.render.class_images import LYING, UPRIGHT, Anomaly
from sim.render.frames import Renderer
from sim.render.library import MeshLibrary
from sim.render.mesh import Role, Semantic
from sim.render.probe import see_points
from sim.rotation import rotate
from sim.sampling import ResolvedActor
from sim.scenario.world import Environment
from sim.scenery.signals import ASPECTS as HEADS
from sim.scenery.signals import lens_points
from sim.types import Lamp

ASPECTS = ("red", "amber", "green")
"""Bits of ``State.signal``, from the lowest."""
LAMPS = {Role.SIGNAL_RED: "red", Role.SIGNAL_AMBER: "amber", Role.SIGNAL_GREEN: "green"}
"""Aspects of the lenses of a head."""

VEHICLES = (
    Semantic.CAR, Semantic.TRUCK, Semantic.BUS, Semantic.TRAIN, Semantic.MOTORCYCLE, Semantic.BICYCLE, Semantic.VAN, Semantic.TRAILER,
)  # fmt: skip
THINGS = (*VEHICLES, Semantic.PERSON, Semantic.RIDER, Semantic.ANIMAL, Semantic.OBSTACLE, Semantic.TRAFFIC_CONE)
"""Classes that COCO's panoptic task calls things."""


def lamp_names(bits: int) -> list[str]:
    """Lamps that an actor has switched on; indicators and beacons flash while they are."""
    return [lamp.name.lower() for lamp in Lamp if bits & lamp]


def anomaly_of(actor: ResolvedActor, fallen: int, rot: Sequence[float]) -> Anomaly:
    """What makes an actor one that has no business on a road; as `sim.render.class_images` paints it.

    Args:
        actor: The actor.
        fallen: As ``State.fallen``.
        rot: Orientation, x y z w.
    """
    semantic = actor.asset.semantic
    if semantic == Semantic.ANIMAL:
        return Anomaly.ANIMAL
    lies = semantic == Semantic.VEGETATION and actor.size[2] < LYING * max(actor.size[:2])
    if lies or (semantic == Semantic.OBSTACLE and actor.spec.category != Category.BARRIER):
        return Anomaly.OBSTACLE
    if fallen:
        return Anomaly.FALLEN
    if semantic in VEHICLES and rotate(np.asarray(rot, float), np.array([0.0, 0.0, 1.0]))[2] < UPRIGHT:
        return Anomaly.OVERTURNED
    return Anomaly.NONE


def actor_state(actor: ResolvedActor, pose: Mapping[str, np.ndarray], slot: int) -> dict[str, Any]:
    """Lamps, open doors, falls of an actor: only what there is to tell.

    Args:
        actor: The actor.
        pose: ``rot``, ``lamps``, ``fallen``, ``door`` of all actors.
        slot: Which it is.
    """
    out: dict[str, Any] = {}
    if actor.asset.semantic in VEHICLES:
        out["lamps"] = lamp_names(int(pose["lamps"][slot]))
        if actor.asset.doors and pose["door"][slot].any():
            out["doors"] = [round(float(angle), 4) for angle in pose["door"][slot]]
    anomaly = anomaly_of(actor, int(pose["fallen"][slot]), pose["rot"][slot])
    return out | ({"anomaly": anomaly.name.lower()} if anomaly else {})


def coco_keypoints(pixel: np.ndarray, seen: np.ndarray, point: np.ndarray) -> dict[str, Any]:
    """A person's keypoints in COCO's form: column, row, visibility (0 not in the picture, 1 hidden, 2 visible).

    Args:
        pixel: Column, row, depth, (17, 3).
        seen: Visibility, (17,).
        point: World frame [m], (17, 3).
    """
    flat: list[float] = []
    for (col, row, _), v in zip(pixel, seen, strict=True):
        flat += [round(float(col), 2), round(float(row), 2), int(v)] if v else [0, 0, 0]
    world = [[round(float(x), 3) for x in p] for p in point]
    return {"keypoints": flat, "num_keypoints": int((seen > 0).sum()), "keypoints_3d": world}


def segments(panoptic: npt.NDArray[np.integer]) -> list[dict[str, Any]]:
    """COCO's ``segments_info`` of a panoptic image (`sim.render.class_images.ClassImages.panoptic`)."""
    rows = []
    for value in np.unique(panoptic[panoptic > 0]):
        mask = panoptic == value
        lines, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = [cols[0], lines[0], cols[-1] - cols[0] + 1, lines[-1] - lines[0] + 1]
        rows.append(
            {
                "id": int(value),
                "category_id": int(value - 1) & 255,
                "track_id": int(value - 1) >> 8,
                "area": int(mask.sum()),
                "bbox": [int(v) for v in box],
                "iscrowd": 0,
            }
        )
    return rows


def panoptic_categories() -> list[dict[str, Any]]:
    """Categories of ``panoptic.json``: Swerve's classes, numbered as in the semantic images."""
    return [{"id": int(s), "name": s.name.lower(), "isthing": int(s in THINGS)} for s in Semantic if s != Semantic.VOID]


class SignalHeads:
    """The heads of a map's traffic lights.

    Args:
        library: Whose maps and models are shown.
        row: Which map.
    """

    def __init__(self, library: MeshLibrary, row: int) -> None:
        heads = [i for i in library.maps[row].instances if i.signal >= 0]
        self.signal = [i.signal for i in heads]
        self.lamps = [[LAMPS[role] for role in HEADS[i.model]] for i in heads]
        """Aspects of each head's lamps, from above."""
        turns = [np.asarray(i.matrix, float) for i in heads]
        lenses = [lens_points(i.model) @ m[:3, :3].T + m[:3, 3] for i, m in zip(heads, turns, strict=True)]
        self.middle = [points[:, 0].mean(0) for points in lenses]
        """Of their faces, world frame [m]."""
        self.points = [np.vstack([at, p.reshape(-1, 3)]) for at, p in zip(self.middle, lenses, strict=True)]
        """What is looked at: a face's middle, then five points of each lens, its middle first; world frame [m]."""
        self.front = [m[:3, 0] for m in turns]

    def labels(self, renderer: Renderer, aspects: npt.NDArray[Any]) -> list[dict[str, Any]]:
        """Heads whose faces' middles lie in the picture.

        Args:
            renderer: That made the picture last.
            aspects: Lit aspects of each signal, bits, (nsignal,).

        Returns:
            Of each: number of its signal; lit aspects; middle of its face, world frame [m] and in the picture [pixels]; its lamps, those
            whose middle lies in the picture, each with that pixel and whether its lens is seen; ``visible`` if one's is.
        """
        if not self.signal:
            return []
        eye = renderer.views[1].pos.numpy()[0, 0]
        found = see_points(renderer, np.concatenate(self.points))
        ends = np.cumsum([len(points) for points in self.points])[:-1]
        out = []
        for k, (pixel, clear) in enumerate(zip(*(np.split(each, ends) for each in found), strict=True)):
            if np.isnan(pixel[0]).any():
                continue
            # What ends a thousandth of the way before a point hides it not: from behind and far that is the head itself.
            faces = float((eye - self.middle[k]) @ self.front[k]) > 0.0
            seen = [faces and bool(some.any()) for some in clear[1:].reshape(-1, 5)]
            at = pixel[1:].reshape(-1, 5, 2)[:, 0]
            lamps = [
                {"aspect": name, "pixel": _rounded(xy, 2), "visible": shown}
                for name, xy, shown in zip(self.lamps[k], at, seen, strict=True)
                if not np.isnan(xy).any()
            ]
            out.append(
                {
                    "signal": self.signal[k] + 1,
                    "state": [name for bit, name in enumerate(ASPECTS) if int(aspects[self.signal[k]]) >> bit & 1],
                    "position": _rounded(self.middle[k], 3),
                    "pixel": _rounded(pixel[0], 2),
                    "visible": any(lamp["visible"] for lamp in lamps),
                    "lamps": lamps,
                }
            )
        return out


def _rounded(values: npt.NDArray[np.floating], digits: int) -> list[float]:
    return [round(float(v), digits) for v in values]


def environment_label(environment: Environment, sun: Sequence[float]) -> dict[str, Any]:
    """Weather and light of a world, units as in `Environment`, and the direction to the sun in the world frame."""
    return {**asdict(environment), "sun_direction": [round(float(v), 6) for v in sun]}
