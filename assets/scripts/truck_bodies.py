"""What stands on a lorry's chassis instead of its box: fire engine, tipper."""

from __future__ import annotations

import math
from dataclasses import replace

import livery
import looks as lk
import numpy as np
import numpy.typing as npt
from livery import facing, pictured
from sh3f import Soup
from shape import box, tube
from vehicle_recipes import LORRY, lorry_tyres

from sim.render.mesh import Role, Surface

Floats = npt.NDArray[np.float64]
RED = lk.colored("fire red", (0.42, 0.012, 0.01), 0.35, clearcoat=1.0)
WHITE = lk.colored("white bumper", (0.6, 0.6, 0.58), 0.4, clearcoat=1.0)
STRIPE = lk.colored("yellow stripe", (0.62, 0.55, 0.02), 0.45)
TREAD_PLATE = lk.colored("tread plate", (0.36, 0.37, 0.38), 0.4, metallic=0.8, surface=Surface.METAL)
RAW_STEEL = lk.colored("tipper body", (0.33, 0.12, 0.015), 0.5, clearcoat=0.4)
GRAVEL = lk.colored("gravel", (0.2, 0.185, 0.165), 0.95, surface=Surface.GRAVEL)
CHASSIS = "wheels and lamps split off, normals creased"
REAR, CAB = -3.12, 1.31
"""Ends of the body on the source's chassis [m]."""


def shutter() -> npt.NDArray[np.uint8]:
    """A roller shutter's slats, sRGB with alpha."""
    image = np.full((128, 16, 4), 255, np.uint8)
    y = np.arange(128) % 8
    shade = np.interp(y, [0, 1, 3, 6, 7], [90, 168, 190, 172, 120])
    image[..., :3] = shade[:, None, None]
    image[112:118, :, :3] = 60
    return image


def ladder(x0: float, x1: float, y: float, z: float, half: float = 0.24) -> Floats:
    """A ladder lying along x; triangles."""
    parts = [box((x0, y + s * half - 0.025, z), (x1, y + s * half + 0.025, z + 0.09)) for s in (-1.0, 1.0)]
    for x in np.arange(x0 + 0.2, x1 - 0.1, 0.3):
        parts.append(tube(np.array([[x, y - half, z + 0.045], [x, y + half, z + 0.045]]), 0.018, 6))
    return np.concatenate(parts)


def _bare(soup: Soup) -> Soup:
    """The chassis and the cab."""
    return soup.pick(~(soup.of_look("white-container|grey-metalic-frame") | soup.of_group("back-doors")))


def _fire_engine(soup: Soup) -> Soup:
    """Crew cab with windows, lockers behind roller shutters, a pump at the back, a ladder and blue lights on the roof."""
    soup = lorry_tyres(_bare(soup))
    top, low, w, crew = 2.98, 0.98, 1.18, 0.42
    add = livery.add_faces
    soup = add(soup, box((REAR, -w, low), (crew, w, top)), "fire body")
    soup = add(soup, box((crew, -w + 0.02, 0.92), (1.62, w - 0.02, 2.8)), "fire body")
    soup = add(soup, box((REAR - 0.02, -w - 0.02, top), (crew, w + 0.02, top + 0.07)), "tread plate")
    for s in (-1.0, 1.0):
        side = lambda x0, x1, z0, z1, d, s=s: box(  # noqa: E731
            (x0, min(s * (w - 0.03), s * (w + d)), z0), (x1, max(s * (w - 0.03), s * (w + d)), z1)
        )
        for x0, x1 in ((REAR + 0.1, -2.0), (-1.9, -0.82), (-0.72, crew - 0.08)):
            faces = side(x0, x1, 1.22, 2.7, 0.012)
            lo, hi = faces.reshape(-1, 3).min(axis=0), faces.reshape(-1, 3).max(axis=0)
            share = (faces - lo) / (hi - lo)
            soup = pictured(soup, faces, np.stack([share[..., 0], 1.0 - share[..., 2]], -1), "shutter", shutter())
            for z0, z1 in ((1.18, 1.22), (2.7, 2.74)):
                soup = add(soup, side(x0 - 0.04, x1 + 0.04, z0, z1, 0.02), "tread plate")
        soup = add(soup, side(REAR, crew, 1.02, 1.14, 0.006), "fire stripe")
        soup = add(soup, side(0.62, 1.42, 1.85, 2.55, -0.012), "crew window")
        word = livery.lettering("FIRE", (240, 236, 226), (152, 14, 12), (256, 64))
        faces, uvs = facing(
            (0.56, min(s * (w - 0.03), s * (w - 0.012)), 1.38), (1.5, max(s * (w - 0.03), s * (w - 0.012)), 1.7), 1
        )
        soup = pictured(soup, faces, uvs, "word", word)
    soup = add(soup, box((REAR - 0.03, -0.85, 1.25), (REAR, 0.85, 2.62)), "tread plate")
    for k in range(5):
        z = 1.35 + 0.26 * k
        soup = add(
            soup, box((REAR - 0.045, -0.8, z), (REAR - 0.02, 0.8, z + 0.2)), "fire chevron" if k % 2 else "fire stripe"
        )
    soup = add(soup, ladder(REAR + 0.1, 1.9, -0.45, top + 0.12), "tread plate")
    soup = add(soup, box((REAR + 0.3, 0.2, top + 0.07), (-0.3, 0.95, top + 0.36)), "tread plate")
    for x in (REAR + 0.6, 0.1):
        soup = add(soup, box((x, -0.75, top + 0.07), (x + 0.06, -0.15, top + 0.13)), "tread plate")
    soup = livery.light_bar(soup, 2.3, 2.82, 1.7)
    for y in (-0.95, 0.95):
        soup = livery.beacon(soup, REAR + 0.14, y, top + 0.07)
    return soup


def _tipper(soup: Soup) -> Soup:
    """A steel body with ribs and a cab guard, heaped with gravel."""
    soup = lorry_tyres(_bare(soup))
    floor, rim, half = 1.12, 2.25, 1.2
    add = livery.add_faces
    for s in (-1.0, 1.0):
        y0, y1 = sorted((s * (half - 0.05), s * half))
        soup = add(soup, box((REAR, y0, floor), (CAB - 0.05, y1, rim)), "tipper body")
        y0, y1 = sorted((s * (half - 0.04), s * (half + 0.06)))
        soup = add(soup, box((REAR, y0, rim - 0.1), (CAB - 0.05, y1, rim)), "tipper body")
        soup = add(soup, box((REAR, y0, floor), (CAB - 0.05, y1, floor + 0.12)), "tipper body")
        for x in np.linspace(REAR + 0.02, CAB - 0.15, 8):
            soup = add(soup, box((x, y0, floor), (x + 0.09, y1, rim)), "tipper body")
    soup = add(soup, box((REAR, -half, floor - 0.12), (CAB - 0.05, half, floor)), "tipper body")
    soup = add(soup, box((CAB - 0.1, -half, floor), (CAB - 0.05, half, 2.95)), "tipper body")
    soup = add(soup, box((CAB - 0.1, -half, 2.88), (2.35, half, 2.95)), "tipper body")
    tail = box((REAR - 0.05, -half, floor), (REAR, half, rim - 0.05))
    soup = add(soup, tail, "tipper body")
    for y in np.linspace(-1.1, 1.1, 6):
        soup = add(soup, box((REAR - 0.12, y - 0.04, floor), (REAR - 0.04, y + 0.04, rim - 0.08)), "tipper body")
    rng = np.random.default_rng(3)
    x, y = np.meshgrid(np.linspace(REAR, CAB - 0.1, 40), np.linspace(-half + 0.05, half - 0.05, 20), indexing="ij")
    heap = 0.5 * np.cos(0.5 * math.pi * y / half) * np.cos(0.85 * (x - (REAR + CAB) / 2) / 2.2)
    z = rim - 0.28 + np.maximum(heap, -0.05) + 0.035 * rng.standard_normal(x.shape)
    points = np.stack([x, y, z], -1)
    a, b, c, d = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    faces = np.concatenate([np.stack([a, b, c], 2).reshape(-1, 3, 3), np.stack([a, c, d], 2).reshape(-1, 3, 3)])
    return add(soup, faces, "gravel")


FIRE_ENGINE = replace(
    LORRY, name="fire_engine", kinds=["fire_engine"], variants=[], mass=13500.0, prepare=_fire_engine, parameters="lorry",
    looks={"^beacon$": lk.lamp(Role.BEACON), "^bar$": lk.colored("light bar", (0.5, 0.5, 0.5), 0.4), "^word$": "atlas",
           "fire body|red-cabin": RED, "fire stripe": STRIPE, "fire chevron": RED, "tread plate": TREAD_PLATE,
           "crew window": lk.PRIVACY, "^shutter$": "atlas", **LORRY.looks, "grey-metal-wheels": "atlas"},
    plate_at=[(3.155, 0.78), (-3.083, 0.86)], changed=CHASSIS + ", body of a fire engine and blue lights in place of the box",
)  # fmt: skip
TIPPER = replace(
    LORRY, name="tipper", kinds=["tipper"], variants=[], mass=18000.0, prepare=_tipper, parameters="lorry",
    looks={"tipper body": RAW_STEEL, "^gravel$": GRAVEL, **LORRY.looks}, plate_at=[(3.155, 0.78), (-3.24, 0.86)],
    changed=CHASSIS + ", tipping body with gravel in place of the box",
)  # fmt: skip

ALL = [FIRE_ENGINE, TIPPER]
