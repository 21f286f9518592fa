"""Recipes of service vehicles, made of the others, and of the articulated lorry."""

from __future__ import annotations

from dataclasses import replace

import freight
import livery
import looks as lk
import numpy as np
import tails
from cabin import lorry_cab
from car_recipes import MPV
from pack import look
from pickup import pickup
from recipe import Recipe
from sh3f import Soup
from shape import add_look, components
from vehicle_recipes import BLINK, BRAKE, HEAD, LYING, REVERSE, SUV, TAIL, VAN

from sim.render.mesh import Role, Semantic

SILVER = lk.colored("silver paint", (0.42, 0.43, 0.44), 0.35, metallic=0.4, clearcoat=1.0)
WHITE = lk.colored("white paint", (0.7, 0.7, 0.69), 0.4, clearcoat=1.0)
BLUE = lk.colored("blue livery", (0.012, 0.06, 0.32), 0.35, clearcoat=1.0)
YELLOW = lk.colored("yellow livery", (0.62, 0.52, 0.03), 0.35, clearcoat=1.0)
RED = lk.colored("red livery", (0.5, 0.03, 0.012), 0.35, clearcoat=1.0)
BEACON = lk.lamp(Role.BEACON)
BAR = lk.colored("light bar", (0.5, 0.5, 0.5), 0.4)


def _police(soup: Soup) -> Soup:
    soup = livery.band(soup, "^firstcolor$", (0.62, 0.9), "livery blue", checks=0.0, inner=0.7)
    word = livery.lettering("POLICE", (235, 235, 235), (28, 70, 150), (256, 64))
    soup = livery.decal(soup, "livery blue", (-0.45, 0.55), (0.64, 0.88), "word", word, 0.7)
    return livery.light_bar(soup, 0.05, 1.615, 1.1)


def _taxi(soup: Soup) -> Soup:
    word = livery.lettering("TAXI", (20, 20, 20), (235, 190, 40), (128, 48))
    assert MPV.prepare
    return livery.roof_sign(MPV.prepare(soup), 0.25, 1.615, word)


def _ambulance(soup: Soup) -> Soup:
    paint = "^firstcolor$|^whiteglass$"
    soup = livery.band(tails.van_body(soup), paint, (0.82, 1.12), "livery yellow", checks=0.0, inner=0.8)
    soup = livery.band(soup, paint, (1.12, 1.3), "livery red", checks=0.0, inner=0.8)
    word = livery.lettering("AMBULANCE", (150, 20, 14), (226, 226, 224), (512, 64))
    soup = livery.decal(soup, paint, (-2.2, 0.2), (1.62, 1.92), "word", word, 0.7)
    return livery.light_bar(soup, 0.85, 2.45, 1.3)


POLICE = replace(
    SUV, name="police_car", kinds=["police"], prepare=_police, doors=[],
    looks={"^beacon$": BEACON, "^bar$": BAR, "livery blue": BLUE, "^word$": "atlas", "firstcolor": SILVER, **SUV.looks},
    changed=SUV.changed + ", livery and light bar added",
)  # fmt: skip
TAXI = replace(
    MPV, name="taxi", kinds=["taxi"], prepare=_taxi,
    looks={"^sign$": "atlas", "^sign body$": YELLOW, "color-beige-green": "ivory", **MPV.looks},
    changed=MPV.changed + ", roof sign added",
)  # fmt: skip
AMBULANCE = replace(
    VAN, name="ambulance", kinds=["ambulance"], mass=3500.0, variants=[], prepare=_ambulance,
    looks={"^beacon$": BEACON, "^bar$": BAR, "livery yellow": YELLOW, "livery red": RED, "^word$": "atlas",
           "^firstcolor$|^whiteglass$": WHITE, **VAN.looks},
    changed=VAN.changed + ", livery and light bar added",
)  # fmt: skip


def _articulated(soup: Soup) -> Soup:
    """One picture serves the whole: one look for all, mirrors and panes apart. The beams between wheels stay with the body."""
    part = components(soup.corners)
    left = np.zeros(part.max() + 1, bool)
    right = left.copy()
    left[part[soup.corners[:, :, 1].max(axis=1) > 0.5]] = True
    right[part[soup.corners[:, :, 1].min(axis=1) < -0.5]] = True
    beam = (left & right)[part] & soup.of_group("^Rad_|^Circle.000|^Achse")
    soup.groups = [*soup.groups, "beam"]
    soup.group = np.where(beam, len(soup.groups) - 1, soup.group).astype(np.int32)
    mirror = soup.of_group("window_mirror")
    panes = soup.of_group("^Fenster")
    add_look(soup, "mirror", mirror)
    add_look(soup, "pane", panes)
    add_look(soup, "Truck", ~(mirror | panes), "Truck")
    return lorry_cab(soup) if panes.any() else soup


TRAILER_WALL = freight.Tail(-8.23, 1.27, 1.2, 4.0, (0.5, 0.62), 0.03, 0.038)


def _trailer(soup: Soup) -> Soup:
    """A curtain's side with a name, doors at the back, a guard and flaps below; walls go in as far as what is added comes out."""
    soup = _articulated(soup)
    c = soup.corners
    wall = TRAILER_WALL
    inner = np.clip(c, [wall.x, -wall.half, 0.0], [9.0, wall.half, 9.0])
    soup.corners = np.where((c[..., 2:] > 1.15) & (c[..., :1] < 5.5), inner, c)
    soup = freight.flaps(freight.guard(freight.doors(soup, wall), wall), -6.1, (0.72, 1.2), (0.25, 1.0))
    f = freight.Fitter(soup)
    for s in (-1.0, 1.0):
        for k in range(12):
            x = -7.9 + 1.1 * k
            f.beside("reflective yellow", s, (x, x + 0.7), (1.27, 1.275), (1.225, 1.275))
        f.beside("reflective yellow", s, (-8.24, -8.233), (0.42, 0.86), (1.38, 1.56))
        for z in (0.55, 0.85):
            f.beside("frame rail", s, (-2.4, 2.0), (1.18, 1.21), (z, z + 0.13))
    word = livery.lettering("NORDFRACHT", (96, 102, 116), (255, 255, 255), (256, 48))
    word[..., 3] = np.where(word[..., 0] < 170, 255, 0)
    word[..., :3] = (96, 102, 116)
    return freight.name(f.soup, word, "lettering", (-4.6, 1.4), (2.3, 3.2), 1.27)


ARTICULATED = Recipe(
    "articulated_lorry", "blendswap-cc-by/dafTruck", ["articulated_lorry"], "truck", Semantic.TRUCK, 26000.0,
    "@^Rad_|^Circle.000|^Achse",
    {"mirror": lk.MIRROR, "^pane$": lk.GLASS, "^cabin$": lk.CABIN, "^seats$": lk.SEAT, "^Truck$": "atlas", **freight.LOOKS},
    max_steer=0.75,
    painted=[(0.0, 0.008, 0.815, 0.168), (0.0, 0.177, 0.815, 0.336), (0.0, 0.42, 0.595, 0.825), (0.031, 0.34, 0.128, 0.42)],
    prepare=_trailer, atlas="Truck",
    patches=[((0.032, 0.618, 0.1, 0.652), None), ((0.245, 0.618, 0.305, 0.652), None), ((0.555, 0.685, 0.6, 0.705), None),
             ((0.0, 0.345, 0.031, 0.42), (14, 14, 15)), ((0.464, 0.356, 0.664, 0.402), "QV 881")],
    lamps=[((0.02, 0.737, 0.066, 0.758), HEAD), ((0.265, 0.737, 0.31, 0.758), HEAD), ((0.46, 0.711, 0.487, 0.727), BLINK),
           ((0.15, 0.355, 0.2, 0.406), BLINK), ((0.2, 0.355, 0.245, 0.406), BRAKE), ((0.245, 0.355, 0.284, 0.406), TAIL),
           ((0.312, 0.355, 0.385, 0.4), REVERSE),
           ((0.971, 0.008, 1.0, 0.029), BLINK), ((0.971, 0.029, 1.0, 0.05), TAIL), ((0.971, 0.05, 1.0, 0.088), BRAKE)],
    changed="badges and plates replaced, wheels and lamps split off, normals creased",
    variants=[look("articulated_overturned", **LYING)],
)  # fmt: skip

PICKUP = replace(
    SUV, name="pickup", kinds=["pickup", "car"], mass=2050.0, prepare=pickup, doors=[],
    looks={"^bed$": lk.colored("bed liner", (0.02, 0.02, 0.021), 0.8), "bed rail": lk.PLASTIC, "cab wall": lk.PAINT,
           "rear window": lk.PRIVACY, **SUV.looks},
    lamps=[*SUV.lamps], changed=SUV.changed + ", stretched, the rear cut open, a bed added",
)  # fmt: skip
TRACTOR = replace(
    ARTICULATED, name="tractor", kinds=["tractor"], variants=[], mass=8000.0, drop_groups="^Auflieger|^Achse", hitch=0.72,
    prepare=_articulated,
    changed=ARTICULATED.changed + ", trailer taken off",
)  # fmt: skip
SEMITRAILER = replace(
    ARTICULATED, name="semitrailer", kinds=["semitrailer"], variants=[], category="semitrailer", semantic=Semantic.TRAILER, mass=24000.0,
    drop_groups="^Circle|window|^Cube|^Fenster|^Rad_|^Fahr", tyre="@^Achse", coupler=8.0,
    lamps=[*ARTICULATED.lamps[3:7], ((0.928, 0.355, 0.978, 0.406), BLINK), ((0.883, 0.355, 0.928, 0.406), BRAKE),
           ((0.844, 0.355, 0.883, 0.406), TAIL), ((0.743, 0.355, 0.816, 0.4), REVERSE)],
    changed=ARTICULATED.changed + ", tractor taken off",
)  # fmt: skip
"""Both meet at the king pin, 1.7 m behind the trailer's front."""

ALL = [PICKUP, POLICE, TAXI, AMBULANCE, ARTICULATED, TRACTOR, SEMITRAILER]
