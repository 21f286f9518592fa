"""One recipe per vehicle: which material is what, where lamps, plates and badges lie in the pictures."""

from __future__ import annotations

import freight
import looks as lk
import tails
from doors import both
from pack import look
from recipe import Recipe
from sh3f import Soup
from shape import add_look

from sim.render.mesh import Material, Role, Semantic

HEAD, TAIL, BRAKE = Role.HEAD_LAMP, Role.TAIL_LAMP, Role.BRAKE_LAMP
BLINK, REVERSE = Role.INDICATOR_LEFT, Role.REVERSE_LAMP
COMMON: dict[str, Material | str] = {
    "window_mirror|mirror": lk.MIRROR,
    "^(tires|tyres|neumaticos|wheels-rubber)$": lk.TYRE,
    "^(textured|texturedParts)$": "atlas",
    "^firstcolor$": lk.PAINT,
    "interior|inside|asientos|seats": lk.CABIN,
    "^(lines|doorlines|holes)$": lk.LINE,
    "^(glass|cristales)$": lk.GLASS,
    "lowparts|blackplastic": lk.PLASTIC,
    "chrom": lk.CHROME,
}

SUV = Recipe(
    "suv", "scopia/suv", ["car", "suv"], "car", Semantic.CAR, 1850.0, "^tires$", {"door edge": lk.PAINT, "door card": lk.CABIN, **COMMON},
    atlas="textured",
    patches=[((0.0, 0.885, 0.415, 0.995), "QW 471"), ((0.2, 0.4, 0.42, 0.5), None)],
    erase=[(0.64, 0.505, 0.87, 0.6)],
    lamps=[((0.58, 0.01, 1.0, 0.16), HEAD), ((0.47, 0.78, 0.93, 1.0), TAIL), ((0.0, 0.815, 0.43, 0.88), BRAKE)],
    rim=[(0.0, 0.0, 0.37, 0.36)], blink=0.2,
    doors=both(
        [(1.19, 0.27), (2.22, 0.27), (2.26, 0.7), (2.24, 1.06), (2.19, 1.1), (1.75, 1.37), (1.55, 1.47), (1.3, 1.525), (1.1, 1.54)],
        (2.25, 0.9, 0.0), skin="^firstcolor$", moving="^firstcolor$|^glass$|plastic|lines|mirror|lowparts", card="interior|inside|seats",
    ),
    towbar=True,
)  # fmt: skip
WRECK = {"kinds": ["wreck"], "damage": "dented"}
BURNT = {"kinds": ["burnt_wreck"], "damage": "burnt"}
LYING = {"kinds": ["overturned_truck"], "damage": "overturned"}

VAN = Recipe(
    "van", "scopia/van", ["van"], "van", Semantic.VAN, 2300.0, "^tires$",
    {"^redlights$": lk.lamp(BRAKE), "^whiteglass$": lk.PAINT, **tails.LOOKS, **COMMON},
    atlas="textured", prepare=tails.van,
    patches=[((0.632, 0.56, 0.985, 0.652), "QK 903"), ((0.33, 0.12, 0.51, 0.32), None), ((0.19, 0.52, 0.26, 0.595), None),
             ((0.63, 0.37, 0.83, 0.53), (14, 14, 15))],
    lamps=[((0.33, 0.69, 0.69, 0.885), HEAD), ((0.81, 0.09, 1.0, 0.205), TAIL), ((0.81, 0.205, 1.0, 0.28), BLINK),
           ((0.81, 0.28, 1.0, 0.36), TAIL), ((0.81, 0.36, 1.0, 0.405), REVERSE)],
    rim=[(0.0, 0.32, 0.46, 0.79)],
    variants=[look("van_wreck", **WRECK), look("van_overturned", **{**LYING, "kinds": ["overturned_van"]})],
    towbar=True,
)  # fmt: skip
COUPE = Recipe(
    "coupe", "scopia/chevrolet", ["car"], "car", Semantic.CAR, 1480.0, "^tires$", {"^glassfocus$": lk.LENS, **COMMON},
    atlas="textured",
    patches=[((0.55, 0.88, 0.985, 0.995), "QO 228")],
    erase=[(0.02, 0.18, 0.27, 0.35)],
    lamps=[((0.07, 0.31, 0.5, 0.54), HEAD), ((0.54, 0.56, 0.74, 0.76), TAIL), ((0.75, 0.395, 0.97, 0.46), BRAKE),
           ((0.74, 0.62, 0.985, 0.7), BLINK), ((0.57, 0.45, 0.86, 0.57), REVERSE)],
    rim=[(0.03, 0.55, 0.5, 1.0)],
)  # fmt: skip


def lorry_tyres(soup: Soup) -> Soup:
    """Side walls and treads have a picture, told from the lamps' by where they lie in it."""
    uv = soup.uvs.mean(axis=1) % 1.0
    add_look(soup, "tyre picture", soup.of_look("^textured$") & ((uv[:, 1] < 0.46) | (uv[:, 0] > 0.9)), "textured")
    return soup


TAIL_WALL = freight.Tail(-3.15, 1.181, 1.11, 3.4, (0.46, 0.58), 0.02)


def _fitted(soup: Soup) -> Soup:
    """The box with what real ones have."""
    soup = freight.doors(lorry_tyres(soup), TAIL_WALL)
    soup = freight.guard(soup, TAIL_WALL)
    soup = freight.flaps(soup, -2.62, (0.62, 1.16), (0.28, 0.95))
    soup = freight.flanks(soup, TAIL_WALL, 1.2, [-2.4, -1.65, -0.9, -0.15, 0.6])
    f = freight.Fitter(soup)
    for s in (-1.0, 1.0):
        for z in (0.5, 0.76):
            f.beside("frame rail", s, (-0.62, 1.05), (1.12, 1.15), (z, z + 0.13))
    return f.soup


LORRY = Recipe(
    "lorry", "scopia/truck", ["lorry", "truck"], "truck", Semantic.TRUCK, 11000.0, "^tyre picture$",
    {"tyre picture": "atlas", "^glass$": lk.GLASS, "orange-lights": lk.lamp(BLINK), "grey-metal-wheels": "atlas", "^textured$": "atlas",
     "white-container": lk.colored("container", (0.55, 0.55, 0.54), 0.55), "red-cabin": lk.PAINT,
     "grey-metalic-frame": lk.colored("aluminium edge", (0.3, 0.3, 0.31), 0.45),
     "grey-metal$": lk.colored("frame", (0.06, 0.06, 0.062), 0.6),
     "black-metal": lk.TRIM, "black-plastic": lk.PLASTIC, "mirror": lk.MIRROR, **freight.LOOKS},
    max_steer=0.75, prepare=_fitted, plate_at=[(3.155, 0.78), (-3.083, 0.86)], plates=[("blank plate", "QS 664")],
    atlas="textured",
    lamps=[((0.68, 0.76, 0.86, 0.95), HEAD), ((0.26, 0.665, 0.33, 0.73), BLINK), ((0.33, 0.665, 0.38, 0.73), BLINK),
           ((0.05, 0.79, 0.13, 0.86), TAIL), ((0.13, 0.79, 0.21, 0.86), BRAKE)],
    changed="wheels and lamps split off, normals creased, box fitted out", variants=[look("lorry_overturned", **LYING)],
)  # fmt: skip
COACH = Recipe(
    "coach", "scopia/bus", ["bus", "coach"], "bus", Semantic.BUS, 15500.0, "^tires$", {**tails.LOOKS, **COMMON}, max_steer=0.75,
    atlas="textured", prepare=tails.coach,
    patches=[((0.415, 0.38, 0.81, 0.475), "QR 615"), ((0.13, 0.03, 0.31, 0.195), (21, 22, 30))],
    erase=[(0.03, 0.47, 0.31, 0.545)],
    lamps=[((0.0, 0.2, 0.44, 0.335), HEAD), ((0.78, 0.36, 1.0, 1.0), TAIL), ((0.02, 0.34, 0.13, 0.46), BRAKE)],
    rim=[(0.24, 0.52, 0.73, 1.0)], blink=0.25,
)  # fmt: skip
CITY_BUS = Recipe(
    "city_bus", "scopia/cityBus", ["bus"], "bus", Semantic.BUS, 11500.0, "^tires$",
    {"mirror": lk.MIRROR, "^tires$": lk.TYRE, "Interior": lk.CABIN, "accentColor": lk.PAINT, "darkColor": lk.TRIM,
     "^glass$": lk.GLASS, "darkglass": lk.PRIVACY, "blackPlastic|blackRubber": lk.PLASTIC, "texturedParts": "atlas",
     "whiteBase": lk.colored("white paint", (0.68, 0.68, 0.67), 0.4, clearcoat=1.0),
     "bumper": lk.colored("bumper", (0.045, 0.045, 0.047), 0.6), "display": lk.TRIM, **tails.LOOKS},
    max_steer=0.75,
    atlas="texturedParts", prepare=tails.city_bus,
    patches=[((0.005, 0.012, 0.435, 0.117), "QB 350"), ((0.19, 0.3, 0.45, 0.47), "@27"), ((0.115, 0.475, 0.63, 0.65), "@Centrum")],
    lamps=[((0.02, 0.7, 0.095, 0.85), REVERSE), ((0.095, 0.7, 0.44, 0.85), TAIL), ((0.44, 0.7, 0.52, 0.85), BLINK),
           ((0.52, 0.7, 0.6, 0.85), BRAKE), ((0.38, 0.86, 0.66, 1.0), HEAD), ((0.66, 0.86, 0.985, 1.0), BLINK)],
    rim=[(0.52, 0.0, 1.0, 0.47)],
)  # fmt: skip

ALL = [SUV, VAN, COUPE, LORRY, COACH, CITY_BUS]
