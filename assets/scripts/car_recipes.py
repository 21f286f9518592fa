"""Recipes of passenger cars."""

from __future__ import annotations

import looks as lk
from doors import DoorCut
from sh3f import Soup
from shape import add_look
from vehicle_recipes import BLINK, BRAKE, HEAD, REVERSE, TAIL
from vehicles import Recipe

from sim.render.mesh import Semantic

RED = lk.colored("reflector", (0.25, 0.01, 0.008), 0.25, clearcoat=1.0)


def both(outline: list[tuple[float, float]], hinge: tuple[float, float, float], **more: str) -> list[DoorCut]:
    """The same door on the left and, mirrored, on the right."""
    x, y, z = hinge
    return [DoorCut("left", outline, (x, y, z), **more), DoorCut("right", outline, (x, -y, z), **more)]  # type: ignore[arg-type]


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
    add_look(soup, "reverse lamp", soup.of_look("^glass$") & soup.of_group("^Cube.031") & (x < 0))
    behind = soup.of_look("^chrome$") & soup.of_group("^Circle$") & (x < 0)
    return soup.pick(~behind)


HATCHBACK = Recipe(
    "hatchback", "blendswap-cc-by/fordFocus", ["car"], "car", Semantic.CAR, 1350.0, "@^Wheel_tyre",
    {"^cabin$|door card": lk.CABIN, "^seats$": lk.SEAT, "^head lamp$": lk.lamp(HEAD), "^rim$": lk.RIM, "^brake disc$": lk.STEEL,
     "^reflector$": RED, "^tail lamp$": lk.lamp(TAIL), "^brake lamp$": lk.lamp(BRAKE), "^reverse lamp$": lk.lamp(REVERSE),
     "^yellow_chrome$": lk.lamp(BLINK), "^carPaint$|door edge": lk.PAINT, "^glass$": lk.GLASS, "^black_rubber$": lk.TYRE,
     "^black_glossy$": lk.TRIM, "gray_darkMatte": lk.PLASTIC, "^chrome": lk.CHROME, "^chrome_dark$": lk.STEEL},
    drop_groups="^logo_|^Wheel_text", drop_looks="^blue_gradient$",
    thin=[("^carPaint$", 0.24), ("^black_rubber$", 0.45), ("^chrome", 0.3), ("gray_darkMatte", 0.45), ("black_glossy", 0.5)],
    prepare=_hatchback, plates=[("^white$", "N AG 518")],
    doors=both(
        [(1.14, 0.345), (2.23, 0.31), (2.285, 0.85), (2.27, 1.09), (1.95, 1.26), (1.6, 1.405), (1.3, 1.475), (1.12, 1.48)],
        (2.26, 0.86, 0.0), skin="^carPaint$", moving="^carPaint$|^glass$|black_glossy|chrome_matte", card="^cabin$", groups="^mirrors",
    ),
    changed="badges removed, thinned out, wheels, lamps and front doors split off, plates replaced, normals creased",
)  # fmt: skip

ALL = [HATCHBACK]
