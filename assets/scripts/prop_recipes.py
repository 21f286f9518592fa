"""Recipes of lost cargo and other things that lie on roads."""

from __future__ import annotations

import math

import looks as lk
import numpy as np
import sh3f
from props import Prop, Sculpture, boxed_uvs, shift, turn
from sh3f import Soup
from shape import box, grid_faces, lathe, tube

from sim.render.mesh import Material, Semantic, Surface

OBSTACLE = Semantic.OBSTACLE
ALUMINIUM = lk.colored("aluminium", (0.62, 0.63, 0.64), 0.35, metallic=0.9, surface=Surface.METAL)
RUBBER = lk.TYRE
ORANGE = lk.colored("orange plastic", (0.62, 0.09, 0.012), 0.5)
WHITE_BAND = lk.colored("white band", (0.75, 0.75, 0.73), 0.4)
CANVAS = lk.colored("ticking", (0.62, 0.6, 0.55), 0.95, surface=Surface.CLOTH)
PIPING = lk.colored("piping", (0.25, 0.27, 0.32), 0.9, surface=Surface.CLOTH)
LEATHER = lk.colored("leather", (0.1, 0.055, 0.033), 0.55, clearcoat=0.2)
BLUE_DRUM = lk.colored("blue drum", (0.012, 0.05, 0.2), 0.45, clearcoat=0.3)
DARK_LID = lk.colored("lid", (0.015, 0.015, 0.016), 0.5)


def _planks(soup: Soup) -> Soup:
    """Boards get the grain of a photographed plank."""
    wood = next(look for look in sh3f.load("scopia/wood_bank").looks if look.name == "wood")
    rough = wood.texture.astype(float)  # type: ignore[union-attr]
    rough[..., :3] = 0.55 * rough[..., :3] + 0.45 * rough[..., :3].mean(axis=-1, keepdims=True)
    rough[..., :3] *= [0.72, 0.66, 0.57]
    soup.looks = [sh3f.Look(look.name, texture=rough.astype(np.uint8)) for look in soup.looks]
    scale = 1.2 / (soup.bounds[1] - soup.bounds[0])[0]
    soup.uvs = boxed_uvs(soup.corners * scale, 0.55)
    return soup


def _faded(soup: Soup) -> Soup:
    """Weathered: greyer and lighter than the source's picture."""
    for look in soup.looks:
        if look.texture is not None:
            image = look.texture.astype(float)
            grey = image[..., :3].mean(axis=-1, keepdims=True)
            image[..., :3] = np.clip(0.45 * image[..., :3] + 0.55 * grey * np.array([1.12, 1.04, 0.9]) + 14.0, 0, 255)
            look.texture = image.astype(np.uint8)
    return soup


def _cardboard(soup: Soup) -> Soup:
    """The picture is too pink: brown it."""
    for look in soup.looks:
        if look.texture is not None:
            image = look.texture.astype(float)
            image[..., :3] *= [0.8, 0.82, 0.78]
            look.texture = image.astype(np.uint8)
    return soup


def _tyre() -> tuple[Soup, list[Material]]:
    """A lorry's tyre, lying flat, with tread blocks."""
    s = Sculpture()
    r, w, hole = 0.52, 0.29, 0.29
    outer = [(hole, 0.03), (hole + 0.02, 0.0), (0.4, -0.012), (0.47, 0.0), (r - 0.02, 0.03), (r - 0.012, 0.06)]
    profile = [(a, b) for a, b in outer] + [(a, w - b) for a, b in reversed(outer)]
    s.add(lathe(profile, 48), RUBBER)
    inner = [
        (hole, w - 0.03),
        (hole + 0.05, w - 0.035),
        (r - 0.06, w / 2 + 0.05),
        (r - 0.05, w / 2),
        (hole + 0.05, 0.035),
        (hole, 0.03),
    ]
    s.add(lathe(inner, 48), lk.colored("inner tyre", (0.02, 0.02, 0.02), 0.95))
    block = box((r - 0.02, -0.022, 0.0), (r, 0.022, 0.05))
    for row, z in enumerate((0.045, 0.12, 0.195)):
        for k in range(44):
            s.add(block, RUBBER, move=turn((k + 0.5 * (row % 2)) * math.tau / 44) @ shift(0, 0, z))
    return s.finish()


def _mattress() -> tuple[Soup, list[Material]]:
    """A thrown-off mattress, quilted and a little bent."""
    s = Sculpture()
    n = 41
    x, y = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-0.7, 0.7, 29), indexing="ij")
    edge = np.maximum(np.abs(x) / 1.0, np.abs(y) / 0.7)
    puff = 0.012 * np.abs(np.sin(x * 9.5) * np.sin(y * 9.5)) - 0.03 * np.clip((edge - 0.92) / 0.08, 0, 1) ** 2
    bend = 0.06 * (x + 0.2) ** 2 + 0.02 * np.sin(3 * y) * x
    top = np.stack([x, y, 0.2 + puff + bend], -1)
    bottom = np.stack([x, y, 0.0 - puff + bend], -1)
    s.add(grid_faces(top, closed=False)[:, ::-1], CANVAS)
    s.add(grid_faces(bottom, closed=False), CANVAS)
    ring = [*[(i, 0) for i in range(n)], *[(n - 1, j) for j in range(1, 29)], *[(i, 28) for i in range(n - 2, -1, -1)]]
    ring += [(0, j) for j in range(27, 0, -1)]
    hi, lo = (np.array([side[i, j] for i, j in ring]) for side in (top, bottom))
    out = np.array([[x[i, j], y[i, j] / 0.7, 0.0] for i, j in ring])
    out *= 0.02 / np.linalg.norm(out, axis=1, keepdims=True)
    rings = np.array([lo, lo + out + [0, 0, 0.04], hi + out - [0, 0, 0.04], hi])
    s.add(grid_faces(rings), CANVAS)
    for path in (hi, lo):
        s.add(tube(np.concatenate([path, path[:1]]) + np.concatenate([out, out[:1]]) * 0.5, 0.008, 5), PIPING)
    return s.finish()


def _ladder() -> tuple[Soup, list[Material]]:
    """An aluminium ladder of 3.5 m, lying flat."""
    s = Sculpture()
    for y in (-0.2, 0.2):
        s.add(box((-1.75, y - 0.013, 0.0), (1.75, y + 0.013, 0.07)), ALUMINIUM)
        for x in (-1.76, 1.73):
            s.add(box((x, y - 0.018, -0.003), (x + 0.03, y + 0.018, 0.073)), DARK_LID)
    for k in range(12):
        x = -1.75 + 0.16 + 0.28 * k
        s.add(tube(np.array([[x, -0.2, 0.035], [x, 0.2, 0.035]]), 0.016, 8), ALUMINIUM)
    return s.finish()


def _barrel() -> tuple[Soup, list[Material]]:
    """A plastic drum of 220 l."""
    s = Sculpture()
    wall = [
        (0.0, 0.0),
        (0.27, 0.0),
        (0.285, 0.015),
        (0.29, 0.06),
        (0.285, 0.1),
        (0.29, 0.28),
        (0.3, 0.3),
        (0.3, 0.33),
        (0.288, 0.35),
    ]
    wall += [(0.288, 0.56), (0.3, 0.58), (0.3, 0.61), (0.29, 0.63), (0.285, 0.84), (0.262, 0.9)]
    profile = [*wall, (0.27, 0.92), (0.262, 0.93), (0.25, 0.905), (0.0, 0.9)]
    s.add(lathe(profile, 36), BLUE_DRUM)
    for x in (-0.14, 0.14):
        s.add(lathe([(0.035, 0.9), (0.035, 0.925), (0.0, 0.925)], 14), DARK_LID, move=shift(x, 0, 0))
    return s.finish()


def _branch() -> tuple[Soup, list[Material]]:
    """A broken branch with twigs, no leaves."""
    rng = np.random.default_rng(7)
    s = Sculpture()
    bark = lk.colored("bark", (0.09, 0.068, 0.05), 0.95, surface=Surface.BARK)

    def grow(start: np.ndarray, direction: np.ndarray, length: float, radius: float, level: int) -> None:
        n = 6
        path = [start]
        for _ in range(n):
            direction = direction + rng.normal(0, 0.16, 3) + [0, 0, -0.02 * (path[-1][2] - 0.15)]
            direction /= np.linalg.norm(direction)
            path.append(path[-1] + direction * length / n)
            path[-1][2] = max(path[-1][2], 0.02 + 0.3 * radius)
        taper = np.linspace(radius, radius * 0.45, n + 1)
        s.add(tube(np.array(path), taper, 7 if level == 0 else 5), bark)
        if level < 2:
            for k in range(1, n + 1):
                for _ in range(2 if level == 0 else 1):
                    side = rng.normal(0, 1, 3) * [1, 1, 0.45]
                    grow(
                        path[k],
                        direction * 0.8 + side / np.linalg.norm(side),
                        length * rng.uniform(0.3, 0.5),
                        taper[k] * 0.55,
                        level + 1,
                    )

    grow(np.array([-1.3, 0.0, 0.06]), np.array([1.0, 0.1, 0.03]), 2.3, 0.055, 0)
    return s.finish()


def _lay(soup: Soup) -> Soup:
    """Upright things, on their backs."""
    c = soup.corners
    soup.corners = np.stack([-c[..., 2], c[..., 1], c[..., 0]], -1)
    return soup


ALL = [
    Prop("pallet", ["pallet"], OBSTACLE, 25.0, source="blendswap-cc-0/pallet", looks={"Pallet": "atlas"}, prepare=_planks,
         size=(1.2, 0.8, 0.144), changed="stretched to 1.2 x 0.8 m, wood grain added, normals creased"),
    Prop("crate", ["crate"], OBSTACLE, 20.0, source="blendswap-cc-0/crate", looks={"Crate": "atlas"}, size=(0.8, 0.8, 0.8),
         prepare=_faded,
         changed="enlarged, bleached, normals creased"),
    Prop("cardboard_box", ["box"], OBSTACLE, 10.0, source="scopia/cardboard-box", prepare=_cardboard, size=(0.5, 0.7, 0.45),
         looks={"tape": lk.colored("tape", (0.25, 0.17, 0.09), 0.3), "cardboard": "atlas"}, changed="enlarged, browned, normals creased"),
    Prop("open_box", ["box"], OBSTACLE, 6.0, source="scopia/open-cardboard-box", prepare=_cardboard,
         looks={"tape": lk.colored("tape", (0.25, 0.17, 0.09), 0.3), "cardboard": "atlas"}, changed="browned, normals creased"),
    Prop("plastic_box", ["box", "plastic_box"], OBSTACLE, 4.0, source="blendswap-cc-0/box",
         looks={"Plastic": lk.colored("grey-blue plastic", (0.06, 0.13, 0.3), 0.5)}, changed="recoloured, normals creased"),
    Prop("cone", ["cone"], Semantic.TRAFFIC_CONE, 3.0, source="scopia/cone", looks={"red": ORANGE, "white": WHITE_BAND},
         changed="recoloured, normals creased"),
    Prop("sofa", ["sofa"], OBSTACLE, 70.0, source="blendswap-cc-0/sofa2", thin=0.35,
         looks={"Fabric": lk.colored("sofa cloth", (0.11, 0.1, 0.085), 0.95, surface=Surface.CLOTH), "Trim": LEATHER,
                "Wood": lk.colored("feet", (0.03, 0.02, 0.014), 0.5)},
         changed="thinned out, recoloured, normals creased"),
    Prop("logs", ["log", "logs"], OBSTACLE, 180.0, picture=256, source="scopia/wood_logs", looks={"wood": "atlas"}, size=(1.8, 0.95, 0.74),
         changed="enlarged, normals creased"),
    Prop("fridge", ["fridge"], OBSTACLE, 80.0, source="blendswap-cc-0/largeFridge", thin=0.35,
         looks={"metal": lk.colored("white enamel", (0.66, 0.66, 0.65), 0.3, clearcoat=0.6), "water|base|black": lk.PLASTIC},
         prepare=_lay, changed="laid on its back, thinned out, recoloured, normals creased"),
    Prop("tyre", ["tyre"], OBSTACLE, 55.0, make=_tyre),
    Prop("mattress", ["mattress"], OBSTACLE, 22.0, make=_mattress),
    Prop("ladder", ["ladder"], OBSTACLE, 9.0, make=_ladder),
    Prop("barrel", ["barrel"], OBSTACLE, 12.0, make=_barrel),
    Prop("branch", ["branch"], OBSTACLE, 25.0, make=_branch),
]  # fmt: skip
