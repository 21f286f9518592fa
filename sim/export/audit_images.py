"""Checks the class images of a frame against classes, instances, depth and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.export.audit_geometry import FLOW_MARGIN, FLOW_SHARE
from sim.export.audit_space import GROUND
from sim.export.outputs import panoptic_rgb
from sim.export.states import VEHICLES
from sim.render.class_images import Anomaly, Drivable, LampState
from sim.render.mesh import Semantic
from sim.render.parts import FIRST_MARKING, Part

Arrays = Mapping[str, npt.NDArray[Any]]
LAMP_PARTS = (
    Part.HEAD_LAMP, Part.TAIL_LAMP, Part.BRAKE_LAMP, Part.INDICATOR_LEFT, Part.INDICATOR_RIGHT, Part.REVERSE_LAMP, Part.BEACON,
    Part.SIGNAL_RED, Part.SIGNAL_AMBER, Part.SIGNAL_GREEN, Part.STREET_LAMP, Part.AMBER_BEACON, Part.WARNING_LAMP,
)  # fmt: skip
LIMBS = range(int(Part.HEAD), int(Part.RIGHT_HIND_LEG) + 1)
SWITCHED = {Part.BRAKE_LAMP: ("brake",), Part.REVERSE_LAMP: ("reverse",), Part.HEAD_LAMP: ("low_beam", "high_beam")}
"""Which of an actor's lamps make a part shine; indicators and beacons flash, tail lamps have several reasons."""


def check_panoptic(arrays: Arrays, labels: Mapping[str, Any]) -> list[str]:
    """Panoptic ids are classes and instances together, and the segments make up the picture."""
    ids = arrays["panoptic"]
    void = arrays["semantic"] == int(Semantic.VOID)
    expected = np.where(void, 0, 256 * arrays["instance"] + arrays["semantic"].astype(np.int32) + 1)
    faults = []
    if (ids != expected).any():
        faults.append(f"panoptic ids differ from class and instance at {int((ids != expected).sum())} pixels")
    coded = panoptic_rgb(ids).astype(np.int32)
    if (coded @ np.array([1, 256, 65536]) != ids).any():
        faults.append("panoptic ids do not survive their coding")
    if sum(s["area"] for s in labels["segments"]) != (~void).sum() or {s["id"] for s in labels["segments"]} != set(
        np.unique(ids[~void]).tolist()
    ):
        faults.append("the panoptic segments do not make up the picture")
    return faults


def check_parts(arrays: Arrays) -> list[str]:
    """Parts fit their classes; markings and drivable area fit the road."""
    part, semantic, instance = arrays["part"], arrays["semantic"], arrays["instance"]
    faults = []

    def wrong(mask: npt.NDArray[np.bool_], text: str) -> None:
        if mask.any():
            row, col = np.argwhere(mask)[0]
            found = f"part {part[row, col]}, class {Semantic(int(semantic[row, col])).name}"
            faults.append(f"{text} at {int(mask.sum())} pixels, first ({col}, {row}): {found}")

    marking = semantic == int(Semantic.ROAD_MARKING)
    wrong((part >= FIRST_MARKING) != marking, "road markings and their kinds differ")
    wrong(np.isin(semantic, [int(s) for s in VEHICLES]) & (part == 0) & (instance > 0), "a vehicle without parts")
    people = np.isin(semantic, [int(Semantic.PERSON), int(Semantic.RIDER)])
    wrong(np.isin(part, LIMBS) & ~(people | (semantic == int(Semantic.ANIMAL))), "limbs on something without any")
    wrong(people & ~np.isin(part, LIMBS) & (instance > 0), "a person without limbs")
    wrong(
        (part > 0) & (part <= int(Part.RIGHT_HIND_LEG)) & (instance == 0) & np.isin(semantic, [int(s) for s in GROUND]),
        "the ground has parts of things",
    )
    if "lane" in arrays:
        wrong(arrays["lane"] != np.where(marking, part, 0), "the lane mask is not the markings'")
    if "drivable" in arrays:
        paved = np.isin(semantic, [int(Semantic.ROAD), int(Semantic.ROAD_MARKING)])
        wrong((arrays["drivable"] != int(Drivable.NONE)) != paved, "the drivable area is not the road")
        wrong(marking & (arrays["drivable"] != int(Drivable.LANE)), "a marking beside the lanes")
    return faults


def check_states(arrays: Arrays, labels: Mapping[str, Any]) -> list[str]:
    """Anomalies and lamps of the images against those of the annotations."""
    faults = []
    instance = arrays["instance"]
    for item in labels["objects"]:
        mine = instance == item["track_id"]
        if "anomaly" in arrays:
            shown = set(np.unique(arrays["anomaly"][mine]).tolist())
            if shown != {int(Anomaly[item.get("anomaly", "none").upper()])}:
                faults.append(
                    f"{item['actor']}: anomaly {shown} in the picture, {item.get('anomaly')} in the annotations"
                )
        if "lamp" in arrays and "part" in arrays and "lamps" in item:
            for part, names in SWITCHED.items():
                shown = set(np.unique(arrays["lamp"][mine & (arrays["part"] == int(part))]).tolist())
                expected = int(LampState.ON if set(names) & set(item["lamps"]) else LampState.OFF)
                if shown - {expected}:
                    faults.append(
                        f"{item['actor']}: its {part.name.lower()} is {shown}, the annotations say {expected}"
                    )
    if "anomaly" in arrays and (arrays["anomaly"][instance == 0] != 0).any():
        faults.append("an anomaly that is no actor")
    if "lamp" in arrays and "part" in arrays:
        lamps = np.isin(arrays["part"], [int(p) for p in LAMP_PARTS])
        if ((arrays["lamp"] > 0) != lamps).any():
            faults.append(f"lamps and their parts differ at {int(((arrays['lamp'] > 0) != lamps).sum())} pixels")
    return faults


def check_light(arrays: Arrays, rot: npt.NDArray[np.floating]) -> list[str]:
    """Normals of both frames agree, albedo and light are possible.

    Args:
        arrays: Images.
        rot: Axes of the camera in the world at each row, as columns, (height, 3, 3).
    """
    faults = []
    sky = np.isin(arrays["semantic"], [int(Semantic.SKY), int(Semantic.VOID)])
    if "normal_world" in arrays:
        turned = np.einsum("rij,rcj->rci", rot.astype(float), arrays["normal"].astype(float))
        if np.abs(turned - arrays["normal_world"]).max() > 1e-4:
            faults.append("normals in the camera and in the world do not agree")
        length = np.linalg.norm(arrays["normal_world"], axis=-1)
        if np.abs(length[~sky] - 1.0).max(initial=0.0) > 1e-3 or length[sky].any():
            faults.append("normals are not unit vectors")
    if "albedo" in arrays and (arrays["albedo"][sky].any() or not _within(arrays["albedo"], 0.0, 1.0)):
        faults.append("albedo of the sky, or beyond 0..1")
    if "hdr" in arrays and not _within(arrays["hdr"], 0.0, np.inf):
        faults.append("light that is negative or no number")
    return faults


def _within(array: npt.NDArray[Any], low: float, high: float) -> bool:
    return bool(np.isfinite(array).all() and (array >= low).all() and (array <= high).all())


def check_motion(
    arrays: Arrays,
    points: npt.NDArray[np.floating],
    project: Any,
    then: tuple[npt.NDArray[Any], npt.NDArray[Any]] | None,
) -> list[str]:
    """Scene flow from each pixel's point leads where flow does; what stands still has none.

    Args:
        arrays: Images, ``flow`` and ``scene_flow`` among them.
        points: Where each pixel's surface is in the world [m], (height, width, 3).
        project: From points in the camera's frame (n, 3) to columns and rows (n, 2).
        then: Position and axes of the camera in the next frame; None: only what stands still is checked.
    """
    motion, flow = arrays["scene_flow"].astype(float), arrays["flow"].astype(float)
    faults = []
    if (motion[arrays["instance"] == 0] != 0.0).any():
        faults.append("something that is no actor moves in the world")
    if then is None:
        return faults
    known = np.isfinite(points).all(-1) & np.isfinite(motion).all(-1) & np.isfinite(flow).all(-1)
    row, col = np.nonzero(known)
    local = (points[known] + motion[known] - then[0]) @ then[1].astype(float)
    start = np.stack([col, row], 1)
    height, width = arrays["instance"].shape
    # Far outside the picture a lens's model may fold.
    near = (np.abs(start + flow[known] - (width / 2, height / 2)) < (width, height)).all(1)
    ahead = (local[:, 2] > 0.3) & near
    end, start = project(local[ahead]), start[ahead]
    off = np.linalg.norm(start + flow[known][ahead] - end, axis=1)
    # Depth is single precision: beside a close camera its last bit is more than a pixel's share.
    bad = off > FLOW_MARGIN + FLOW_SHARE * np.linalg.norm(end - start, axis=1)
    if bad.any():
        k = int(off.argmax())
        faults.append(
            f"scene flow and flow differ at {int(bad.sum())} pixels, by {off[k]:.3f} pixels at ({start[k][0]}, {start[k][1]})"
        )
    return faults
