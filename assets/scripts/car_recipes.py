"""Recipes of passenger cars."""

from __future__ import annotations

import livery
import looks as lk
import numpy as np
from cabin import Cabin, furnish
from doors import both
from pack import look
from recipe import Recipe
from sh3f import Soup
from shape import add_look, cut
from vehicle_recipes import BLINK, BRAKE, BURNT, HEAD, LYING, REVERSE, TAIL, WRECK

from sim.render.mesh import Semantic

RED = lk.colored("reflector", (0.25, 0.01, 0.008), 0.25, clearcoat=1.0)


def _hatchback(soup: Soup) -> Soup:
    """Lamps, cabin and rims by where they are."""
    x, z = soup.centers[:, 0], soup.centers[:, 2]
    add_look(soup, "cabin", soup.of_group("^interior_|^steering"))
    add_look(soup, "seats", soup.of_group("^interior_") & (x > -1.3) & (x < 0.1) & (z > 0.47))
    add_look(soup, "head lamp", soup.of_look("^chrome$") & soup.of_group("^Circle$") & (x > 1.5) & (z > 0.6))
    add_look(soup, "rim", soup.of_group("^Wheel_rim"))
    add_look(soup, "brake disc", soup.of_group("^Wheel_brakes"))
    red = soup.of_look("^glass_red$")
    add_look(soup, "reflector", red & (z < 0.6))
    add_look(soup, "tail lamp", red & (z > 0.6) & (z < 1.02))
    add_look(soup, "brake lamp", red & (z >= 1.02))
    add_look(soup, "rear indicator", red & (z > 0.6) & (z < 1.02) & (np.abs(soup.centers[:, 1]) > 0.74))
    add_look(soup, "reverse lamp", soup.of_look("^glass$") & soup.of_group("^Cube.031") & (x < 0))
    behind = soup.of_look("^chrome$") & soup.of_group("^Circle$") & (x < 0)
    plate = soup.of_group("^plate_back")
    return soup.pick(~behind & ~plate)


HATCHBACK = Recipe(
    "hatchback", "blendswap-cc-by/fordFocus", ["car"], "car", Semantic.CAR, 1350.0, "@^Wheel_tyre",
    {"^cabin$|door card": lk.CABIN, "^seats$": lk.SEAT, "^head lamp$": lk.lamp(HEAD), "^rim$": lk.RIM, "^brake disc$": lk.STEEL,
     "^reflector$": RED, "^tail lamp$": lk.lamp(TAIL), "^brake lamp$": lk.lamp(BRAKE), "^reverse lamp$": lk.lamp(REVERSE),
     "^yellow_chrome$": lk.lamp(BLINK), "^rear indicator$": lk.lamp(BLINK, (0.3, 0.012, 0.01)),
     "^carPaint$|door edge": lk.PAINT, "^glass$": lk.GLASS, "^black_rubber$": lk.TYRE,
     "^black_glossy$": lk.TRIM, "gray_darkMatte": lk.PLASTIC, "^chrome": lk.CHROME, "^chrome_dark$": lk.STEEL},
    drop_groups="^logo_|^Wheel_text", drop_looks="^blue_gradient$",
    thin=[("^carPaint$", 0.24), ("^black_rubber$", 0.45), ("^chrome", 0.3), ("gray_darkMatte", 0.45), ("black_glossy", 0.5)],
    prepare=_hatchback, plate_at=[(-2.064, 0.868)], plates=[("^white$|blank plate", "QA 518")],
    doors=both(
        [(1.14, 0.345), (2.23, 0.31), (2.285, 0.85), (2.27, 1.09), (1.95, 1.26), (1.6, 1.405), (1.3, 1.475), (1.12, 1.48)],
        (2.26, 0.86, 0.0), skin="^carPaint$", moving="^carPaint$|^glass$|black_glossy|chrome_matte", card="^cabin$", groups="^mirrors",
    ),
    changed="badges removed, thinned out, wheels, lamps and front doors split off, plates replaced, normals creased",
    variants=[look("hatchback_wreck", **WRECK), look("hatchback_burnt", **BURNT)],
    towbar=True,
)  # fmt: skip


def _gaps(soup: Soup) -> Soup:
    """Gaps about its doors, lids and bumpers, handles, a strip along the flanks and the opening below its nose."""
    paint = "^chapa_roja$"
    front = [(0.96, 0.9), (0.98, 0.6), (0.86, 0.34), (-0.02, 0.34)]
    rear = [(-0.02, 0.34), (-0.72, 0.34), (-0.98, 0.62), (-1.1, 0.92)]
    for path in (front, rear, [(-0.02, 0.34), (-0.06, 0.95)]):
        soup = livery.seam(soup, paint, path, "gap", 0.014, flank=0.6)
    for x in (0.08, -0.9):
        soup = livery.stencil(soup, paint, [(x, 0.8), (x + 0.17, 0.8), (x + 0.17, 0.83), (x, 0.83)], "strip", flank=0.6)
    for x0, x1 in ((0.9, 0.02), (-0.06, -0.86)):
        soup = livery.stencil(soup, paint, livery.rectangle((x1, x0), (0.5, 0.55)), "strip", flank=0.6)
    soup = livery.seam(soup, paint, [(-0.62, 0.98), (-0.6, 0.56), (0.6, 0.56), (0.62, 0.98)], "gap", 0.016)
    soup = livery.seam(soup, paint, [(-0.86, 0.52), (0.86, 0.52)], "gap", 0.014)
    soup = livery.stencil(soup, paint, livery.rectangle((-0.9, 0.9), (0.3, 0.37)), "strip")
    soup = livery.stencil(soup, paint, livery.rectangle((-0.62, 0.62), (0.28, 0.36)), "strip", ahead=True)
    return livery.seam(soup, paint, [(-0.8, 0.57), (0.8, 0.57)], "gap", 0.014, ahead=True)


def _compact(soup: Soup) -> Soup:
    """The inner part of the tail lamps is the brake lamp; a cabin around the seats."""
    soup = _gaps(furnish(soup, Cabin(0.78, -1.75, 0.66, 0.94, (), 0.3)))
    soup = cut(soup, np.abs(soup.corners[:, :, 1]) - 0.5, soup.of_look("^faros_rojos$"))
    add_look(soup, "lamp BRAKE_LAMP", soup.of_look("^faros_rojos$") & (np.abs(soup.centers[:, 1]) < 0.5))
    return soup


COMPACT = Recipe(
    "compact", "scopia/seat_leon", ["car"], "car", Semantic.CAR, 1250.0, "^neumaticos$",
    {"^faros_rojos$": lk.lamp(TAIL), "^faros_blan_back$": lk.lamp(REVERSE), "^faros_blancos": lk.PLASTIC, "^llantas$": "atlas",
     "^neumaticos$": lk.TYRE, "^cristales$": lk.GLASS, "^plastico_negro$": lk.PLASTIC, "^gap$": lk.LINE, "^strip$": lk.PLASTIC,
     "^asientos$|^seats$": lk.SEAT, "^cabin$": lk.CABIN,
     "^chapa_roja$": lk.PAINT},
    plate_at=[(2.105, 0.42), (-2.1, 0.62)], plates=[("blank plate", "QK 186")], drop_looks="^marca$",
    atlas="faros_blancos_faro1_leon.jpg", lamps=[((0.0, 0.0, 1.0, 1.0), HEAD)],
    prepare=_compact, blink=0.25, thin=[("^plastico_negro$", 0.45)],
    changed="badge removed, wheels and lamps split off, normals creased",
)  # fmt: skip


def _mpv(soup: Soup) -> Soup:
    """Lamps and paint keep the picture; its beige becomes white, to be tinted by the paint."""
    add_look(soup, "cabin", soup.of_group("^inside_"))
    add_look(
        soup, "seats", soup.of_group("^inside_") & (soup.centers[:, 0] < 0.35) & (np.abs(soup.centers[:, 1]) < 0.66)
    )
    add_look(soup, "lamp HEAD_LAMP", soup.of_look("^front-lights$"), "front-lights")
    back = soup.of_look("^back-lights$")
    high = soup.centers[:, 2] > 1.03
    add_look(soup, "lamp BRAKE_LAMP", back & high, "back-lights")
    add_look(soup, "lamp TAIL_LAMP", back & ~high, "back-lights")
    paint = next(look for look in soup.looks if look.name == "color-beige-green")
    assert paint.texture is not None
    image = paint.texture.astype(np.float64)
    beige = np.median(image[..., :3].reshape(-1, 3), axis=0)
    image[:50, 40:100, :3] = beige
    image[..., :3] = np.clip(image[..., :3] / beige * 255.0, 0, 255)
    paint.texture = image.astype(np.uint8)
    return soup


MPV = Recipe(
    "mpv", "scopia/renault-scenic", ["car", "mpv"], "car", Semantic.CAR, 1550.0, "^tires$",
    {"^plate$": lk.PLASTIC, "black-plastic|black-textured": lk.PLASTIC, "dark-glass": lk.PRIVACY, "mirror": lk.MIRROR,
     "^color-beige-green$": "paint", "^glass$": lk.GLASS, "^tires$": lk.TYRE, "^wheels$": "atlas",
     "^cabin$": lk.CABIN, "^seats$": lk.SEAT,
    },
    plates=[("^plate$", "QL 340")], prepare=_mpv, blink=0.2, drop_looks="black-plastic2",
    changed="badge, aerial and plates replaced, wheels and lamps split off, normals creased",
    towbar=True,
)  # fmt: skip


def _city_car(soup: Soup) -> Soup:
    """Of the three lamps above each other the middle one brakes."""
    back = soup.of_look("^back-lights$")
    add_look(soup, "lamp BRAKE_LAMP", back & (np.abs(soup.centers[:, 2] - 0.91) < 0.05))
    return soup


CITY_CAR = Recipe(
    "city_car", "scopia/smart-car", ["car"], "car", Semantic.CAR, 850.0, "^wheels-rubber$",
    {"mirror": lk.MIRROR, "black-rubber": lk.CABIN, "textured": "atlas", "first-color": lk.PAINT, "dark-plastic-low": lk.PLASTIC,
     "second-color": lk.colored("silver cell", (0.3, 0.31, 0.32), 0.35, metallic=0.5, clearcoat=1.0), "^glass$": lk.GLASS,
     "black-glass": lk.PRIVACY, "dark-roof": lk.TRIM, "wheels-rubber": lk.TYRE, "grey-light": lk.lamp(BLINK), "back-lights": lk.lamp(TAIL)},
    drop_looks="^brand$", atlas="textured",
    patches=[((0.03, 0.12, 0.41, 0.22), "QH 094"), ((0.48, 0.12, 0.9, 0.22), "QH 094")],
    lamps=[((0.3, 0.36, 0.78, 0.62), HEAD)], prepare=_city_car, blink=0.35,
    rim=[(0.0, 0.36, 0.33, 0.67), (0.0, 0.67, 1.0, 1.0)],
    changed="badge removed, plates replaced, wheels and lamps split off, normals creased",
)  # fmt: skip


def _beetle(soup: Soup) -> Soup:
    """Emblems on the lids go; lamps by look; a cabin."""
    soup = furnish(soup, Cabin(0.88, -1.35, 0.66, 1.0, (-0.25, -0.95)))
    add_look(soup, "reverse bulb", soup.of_group("reverse_ligh") & soup.of_look("^GLASS$"))
    badge = soup.of_group("Beetle_(hood|trunk)_.*(METAL_chrome|shadeless_black)")
    return soup.pick(~badge)


BEETLE = Recipe(
    "beetle", "katorlegaz/VW-new-beetle", ["car"], "car", Semantic.CAR, 1230.0, "@_tire_.*RUBBER",
    {"^PAINT_yellow$": lk.PAINT, "PAINT_black": lk.PLASTIC, "license": lk.PLASTIC, "METAL_aluminum": lk.RIM, "^RUBBER": lk.TYRE,
     "METAL_chrome": lk.CHROME, "GLASS_turn_signals3": lk.lamp(TAIL), "PLASTIC": lk.PLASTIC, "shadeless_black": lk.PLASTIC,
     "GLASS_car_window|GLASS_car_defroster": lk.GLASS, "^cabin$": lk.CABIN, "^seats$": lk.SEAT,
     "GLASS_headlights": lk.lamp(HEAD), "GLASS_lens": lk.CHROME,
     "GLASS_turn_signals$": lk.lamp(BLINK), "GLASS_turn_signal2": lk.lamp(BLINK), "GLASS_brake_light": lk.lamp(BRAKE),
     "GLASS_mirror": lk.MIRROR, "GLASS_parking_light": lk.lamp(TAIL), "^reverse bulb$": lk.lamp(REVERSE), "^GLASS$": lk.CHROME},
    plates=[("license", "QD 073")], prepare=_beetle,
    thin=[("PAINT_yellow", 0.4), ("METAL_aluminum", 0.4), ("METAL_chrome", 0.3), ("^RUBBER", 0.5), ("GLASS|PLASTIC|black", 0.5)],
    changed="badges removed, thinned out, wheels and lamps split off, normals creased",
)  # fmt: skip


def _sedan(soup: Soup) -> Soup:
    """Bumpers, mirrors and handles in the colour of the body instead of chrome."""
    add_look(soup, "seats", soup.of_group("seat_"))
    glass = soup.of_look("^GLASS$")
    add_look(soup, "head bulb", soup.of_look("^GLASS$|METAL_chrome") & soup.of_group("headlights"))
    add_look(soup, "reverse bulb", glass & soup.of_group("bumper"))
    brake = soup.of_look("GLASS_brakelight")
    soup = cut(soup, np.abs(soup.corners[:, :, 1]) - 0.6, brake)
    add_look(soup, "tail glass", soup.of_look("GLASS_brakelight") & (np.abs(soup.centers[:, 1]) < 0.6))
    chrome = soup.of_look("METAL_chrome")
    add_look(soup, "PAINT bumper", chrome & soup.of_group("bumper|mirrors"))
    add_look(soup, "black trim", chrome & soup.of_group("door|trunk|hood"))
    return soup


SEDAN = Recipe(
    "sedan", "katorlegaz/concept-sedan-02", ["car"], "car", Semantic.CAR, 1480.0, "@_tire_.*RUBBER",
    {"^PAINT": lk.PAINT, "license": lk.PLASTIC, "METAL_aluminum": lk.RIM, "^seats$": lk.SEAT, "black trim": lk.TRIM,
     "^RUBBER": lk.TYRE, "METAL_chrome": lk.CHROME, "METAL_yellow": lk.lamp(BLINK), "PLASTIC": lk.PLASTIC, "shadeless": lk.PLASTIC,
     "GLASS_car_window|GLASS_car_defroster": lk.GLASS, "GLASS_headlights": lk.LENS, "CAR_interior": lk.CABIN,
     "GLASS_turn_signals": lk.lamp(BLINK), "GLASS_brake_?light": lk.lamp(BRAKE), "^GLASS$": lk.CHROME,
     "^head bulb$": lk.lamp(HEAD), "^reverse bulb$": lk.lamp(REVERSE), "^tail glass$": lk.lamp(TAIL)},
    plates=[("license", "QX 042")], prepare=_sedan,
    thin=[("PAINT", 0.22), ("METAL_aluminum", 0.12), ("METAL_chrome", 0.08), ("^RUBBER", 0.1), ("interior", 0.06),
          ("GLASS|PLASTIC|black|yellow", 0.2)],
    changed="thinned out, wheels and lamps split off, normals creased",
    variants=[look("sedan_wreck", **WRECK), look("sedan_overturned", **{**LYING, "kinds": ["overturned_car"]})],
    towbar=True,
)  # fmt: skip

ALL = [SEDAN, HATCHBACK, COMPACT, MPV, CITY_CAR, BEETLE]
