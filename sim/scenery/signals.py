"""Traffic lights and signs of a map, where OpenDRIVE puts them."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, MeshData, Role, Semantic
from sim.road.elements import Signal
from sim.road.network import Road
from sim.scenery.furniture import POLE, POST, SIGN, SIGN_BACK, UP
from sim.scenery.layout import CARRIAGE
from sim.scenery.parts import Floats, MeshBuilder, placed, plain, srgb, turn
from sim.scenery.site import Site
from sim.types import Solid

HOUSING = plain("signal housing", srgb(34, 38, 36), roughness=0.5)
BACKBOARD = plain("signal backboard", srgb(22, 24, 24), roughness=0.6)
LENSES = {
    Role.SIGNAL_RED: Material("lens, red", (0.11, 0.012, 0.01), 0.25, clearcoat=1.0, role=Role.SIGNAL_RED),
    Role.SIGNAL_AMBER: Material("lens, amber", (0.12, 0.06, 0.01), 0.25, clearcoat=1.0, role=Role.SIGNAL_AMBER),
    Role.SIGNAL_GREEN: Material("lens, green", (0.012, 0.09, 0.05), 0.25, clearcoat=1.0, role=Role.SIGNAL_GREEN),
}
ASPECTS = {
    "signal/three": (Role.SIGNAL_RED, Role.SIGNAL_AMBER, Role.SIGNAL_GREEN),
    "signal/two": (Role.SIGNAL_RED, Role.SIGNAL_GREEN),
}
"""Lamps of each head, from above."""
TWO_ASPECTS = ("1000002", "1000013")
"""OpenDRIVE's types of lights for people and cycles."""
MARKINGS = ("294", "295", "296", "297", "293", "-1", "")
"""Signals that are painted on the road or say nothing."""
CELL = 0.3
"""Height of one aspect [m]."""
LENS = 0.105
"""Radius of a lens [m]."""
LOWEST = 1.0
"""Signals whose file puts them lower hang at the usual height [m]."""


def lens_points(name: str) -> Floats:
    """Points of lenses, from above, in a head's frame [m]: middle, left, top, right, bottom of each, (n, 5, 3)."""
    n = len(ASPECTS[name])
    middles = np.array([[0.004, 0.0, (n - k - 0.5) * CELL] for k in range(n)])
    r = 0.8 * LENS
    return middles[:, None] + np.array([[0, 0, 0], [0, r, 0], [0, 0, r], [0, -r, 0], [0, 0, -r]])


@lru_cache(maxsize=4)
def signal_model(name: str) -> MeshData:
    """A head: lenses look along +x, the origin is at the middle of its lower edge."""
    builder = MeshBuilder()
    aspects = ASPECTS[name]
    n = len(aspects)
    light = int(Semantic.TRAFFIC_LIGHT)
    builder.boxes([[-0.09, 0.0, 0.0]], (0.18, 0.27, n * CELL), 0.0, HOUSING, light, bottom=True)
    if n == 3:
        builder.boxes([[-0.17, 0.0, -0.12]], (0.012, 0.5, n * CELL + 0.24), 0.0, BACKBOARD, light, bottom=True)
    angle = np.arange(20) * (math.tau / 20)
    ring = np.stack([np.zeros(20), np.cos(angle), np.sin(angle)], 1)
    for middle, role in zip(lens_points(name)[:, 0], aspects, strict=True):
        fan = np.stack([np.repeat(middle[None], 20, 0), middle + ring * LENS, middle + np.roll(ring, -1, 0) * LENS], 1)
        builder.triangles(fan, LENSES[role], light)
        hood = ring[np.array([19, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])] * 0.118 + middle
        out = np.array([0.16, 0.0, 0.0])
        quads = np.stack([hood[:-1], hood[:-1] + out, hood[1:] + out, hood[1:]], 1)
        builder.quads(np.concatenate([quads, quads[:, ::-1]]), HOUSING, light)
    return builder.build()


def put_signals(site: Site) -> None:
    """Adds every signal of the map; heads of dynamic ones become instances that show the state's aspect."""
    index = 0
    for road in site.network.order:
        for signal in road.signals:
            if signal.dynamic:
                _put_light(site, road, signal, index)
                index += 1
            elif signal.kind not in MARKINGS and not signal.name.lower().startswith("stopline"):
                _put_sign(site, road, signal)


def _place(site: Site, road: Road, signal: Signal) -> tuple[Floats, float]:
    """Foot on the ground and yaw of the face: towards the traffic the signal is for."""
    s = min(max(signal.s, 0.0), road.length)
    pose = road.pose(s, signal.t)
    yaw = pose.heading + signal.h_offset + (0.0 if signal.orientation == "-" else math.pi)
    foot = site.stand(np.array([[pose.x, pose.y]]))[0]
    return foot, yaw


def _put_light(site: Site, road: Road, signal: Signal, index: int) -> None:
    foot, yaw = _place(site, road, signal)
    name = "signal/two" if signal.kind in TWO_ASPECTS else "signal/three"
    height = len(ASPECTS[name]) * CELL
    front = turn(yaw)[:, 0]
    bottom = signal.z_offset if signal.z_offset > LOWEST else 2.3
    post = foot - front * 0.24
    top = bottom + height + 0.15
    if site.taken.free(foot[None, :2], 0.3, CARRIAGE)[0]:
        site.builder.solids.posts(Solid.TRAFFIC_LIGHT, post, 0.06, top)
        site.builder.tubes(post[None] - UP * 0.3, post[None] + UP * top, 0.06, POST, POLE, sides=10)
        site.builder.tubes(post[None] - UP * 0.3, post[None] + UP * 0.9, 0.08, POST, POLE, sides=10)
        site.taken.claim_discs(post[None, :2], 0.35)
    else:
        _cantilever(site, road, signal, foot, top)
    for level in (0.12, height - 0.12):
        arm = foot + UP * (bottom + level)
        site.builder.tubes((arm - front * 0.26)[None], (arm - front * 0.1)[None], 0.025, POST, POLE, sides=6)
    site.heads.append((name, placed(foot + UP * bottom, yaw), index))


def _cantilever(site: Site, road: Road, signal: Signal, foot: Floats, top: float) -> None:
    """A mast beside the road and an arm over it, for heads that hang above lanes."""
    s = min(max(signal.s, 0.0), road.length)
    borders = road.borders(s)
    edge = max(borders.values()) + 0.6 if signal.t > 0 else min(borders.values()) - 0.6
    pose = road.pose(s, edge)
    mast = site.stand(np.array([[pose.x, pose.y]]))[0]
    if not site.taken.free(mast[None, :2], 0.25, CARRIAGE)[0]:
        return
    site.builder.solids.posts(Solid.TRAFFIC_LIGHT, mast, 0.09, top)
    site.builder.tubes(mast[None] - UP * 0.3, mast[None] + UP * (top + 0.3), 0.09, POST, POLE, sides=10)
    end = np.array([*foot[:2], foot[2] + top])
    site.builder.tubes((mast + UP * top)[None], end[None], 0.06, POST, POLE, sides=8)


def _put_sign(site: Site, road: Road, signal: Signal) -> None:
    foot, yaw = _place(site, road, signal)
    if not site.builder.faces:  # its post gives way
        if site.taken.free(foot[None, :2], 0.15, CARRIAGE)[0]:
            site.taken.claim_discs(foot[None, :2], 0.25)
        return
    shape, image = sign_face(signal.kind, _value(signal))
    size = min(max(signal.width or signal.height or 0.65, 0.4), 1.2)
    bottom = signal.z_offset if signal.z_offset > LOWEST else 2.05
    front = turn(yaw)[:, 0]
    middle = foot + UP * (bottom + size / 2)
    if site.taken.free(foot[None, :2], 0.15, CARRIAGE)[0]:
        post = (foot - front * 0.05)[None]
        site.builder.tubes(post - UP * 0.3, post + UP * (bottom + size), 0.03, POST, POLE, sides=8)
        site.taken.claim_discs(foot[None, :2], 0.25)
    rim = shape * (size / 2)
    left = turn(yaw)[:, 1]
    ring = middle + rim[:, :1] * left + rim[:, 1:] * UP
    n = len(ring)
    uv = np.stack([0.5 - shape[:, 0] / 2, 0.5 - shape[:, 1] / 2], 1)
    fan = np.stack([np.zeros(n - 2, int), np.arange(1, n - 1), np.arange(2, n)], 1)
    site.builder.add(ring, fan, np.repeat(front[None], n, 0), image, SIGN, uv)
    site.builder.add(ring - front * 0.004, fan[:, ::-1], np.repeat(-front[None], n, 0), SIGN_BACK, SIGN)


def _value(signal: Signal) -> str:
    """What a speed limit says [km/h]."""
    if signal.value is not None and signal.value > 0:
        return str(round(signal.value * 3.6)) if signal.value != round(signal.value) else str(round(signal.value))
    digits = "".join(c for c in signal.subtype if c.isdigit())
    return digits if digits and int(digits) >= 20 else "50"


@lru_cache(maxsize=32)
def sign_face(kind: str, value: str) -> tuple[Floats, Material]:
    """Outline in units of half the size (left, up), counter-clockwise from the front, and the painted face."""
    import cv2

    side = 192
    image = np.zeros((side, side, 4), np.uint8)
    image[..., 3] = 255
    red, white, black, blue, yellow = (150, 22, 30), (215, 215, 210), (16, 16, 16), (24, 70, 150), (214, 168, 20)
    middle = (side // 2, side // 2)
    base = kind.split(".")[0]
    image[..., :3] = white
    if base in ("274", "275"):
        outline = _polygon(28, 0.0)
        cv2.circle(image, middle, side // 2, (*red, 255), -1)
        cv2.circle(image, middle, int(side * 0.385), (*white, 255), -1)
        _write_centred(image, value, 2.6 if len(value) < 3 else 1.9, black, 7)
    elif base == "205":
        outline = _polygon(3, -math.pi / 2)
        image[..., :3] = red
        corners = np.stack([0.5 - outline[:, 0] * 0.28, 0.5 - outline[:, 1] * 0.28], 1) * side
        cv2.fillPoly(image, [corners.astype(np.int32)], (*white, 255))
    elif base == "206":
        outline = _polygon(8, math.pi / 8)
        image[..., :3] = red
        _write_centred(image, "STOP", 1.8, white, 6)
    elif base == "306":
        outline = _polygon(4, 0.0)
        corners = np.stack([0.5 - outline[:, 0] * 0.36, 0.5 - outline[:, 1] * 0.36], 1) * side
        cv2.fillPoly(image, [corners.astype(np.int32)], (*yellow, 255))
    else:
        outline = _polygon(4, math.pi / 4)
        image[..., :3] = blue
        cv2.rectangle(image, (6, 6), (side - 7, side - 7), (*white, 255), 5)
        cv2.arrowedLine(
            image, (side // 2, int(side * 0.8)), (side // 2, int(side * 0.2)), (*white, 255), 14, tipLength=0.35
        )
    return outline, Material(f"sign {kind} {value}", (0.9, 0.9, 0.9), 0.5, texture=image)


def _write_centred(
    image: npt.NDArray[np.uint8], text: str, scale: float, color: tuple[int, int, int], width: int
) -> None:
    """Write in the middle of a face, in strokes of a width [pixels]."""
    import cv2

    side, font = image.shape[0], cv2.FONT_HERSHEY_DUPLEX
    (w, h), _ = cv2.getTextSize(text, font, scale, width)
    corner = (side // 2 - w // 2, side // 2 + h // 2)
    cv2.putText(image, text, corner, font, scale, (*color, 255), width, cv2.LINE_AA)


def _polygon(corners: int, start: float) -> Floats:
    angle = start + np.arange(corners) * (math.tau / corners)
    ring = np.stack([-np.cos(angle), np.sin(angle)], 1)[::-1]
    return ring * (math.sqrt(0.5) * 1.2 if corners == 4 and start else 1.0)
