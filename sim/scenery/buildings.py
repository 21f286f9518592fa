"""Buildings: walls of facade cells, ledges, roofs, chimneys and pipes, in the styles of a street."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Material, Semantic, Surface
from sim.scenery.facade import (
    Cell,
    Slot,
    balcony_cell,
    door_cell,
    garage_cell,
    plain_cell,
    put_cells,
    shop_cell,
    shop_door_cell,
    window_cell,
)
from sim.scenery.parts import Floats, MeshBuilder, plain, srgb
from sim.scenery.styles import Plot, Style
from sim.types import Solid

UP = np.array([0.0, 0.0, 1.0])
BUILDING = int(Semantic.BUILDING)

PLASTER_COLORS = [
    srgb(216, 202, 176), srgb(226, 218, 200), srgb(198, 178, 140), srgb(205, 186, 168), srgb(186, 190, 186), srgb(222, 210, 170),
    srgb(196, 160, 132), srgb(210, 176, 150), srgb(176, 186, 178), srgb(232, 228, 220), srgb(188, 150, 120), srgb(168, 172, 180),
]  # fmt: skip
BRICK_COLORS = [srgb(150, 84, 62), srgb(134, 72, 54), srgb(164, 110, 80), srgb(120, 78, 66), srgb(176, 138, 104)]
TRIM_COLORS = [srgb(214, 208, 196), srgb(188, 182, 170), srgb(226, 222, 212), srgb(168, 160, 148)]
FRAME_COLORS = [srgb(236, 235, 230), srgb(232, 230, 224), srgb(74, 58, 46), srgb(70, 78, 84), srgb(52, 66, 58)]
DOOR_COLORS = [
    srgb(92, 54, 36),
    srgb(38, 62, 52),
    srgb(44, 58, 86),
    srgb(120, 44, 38),
    srgb(70, 70, 72),
    srgb(150, 128, 100),
]
SIGN_COLORS = [
    srgb(46, 80, 62), srgb(128, 36, 34), srgb(36, 52, 92), srgb(206, 178, 74), srgb(70, 48, 36), srgb(204, 202, 196), srgb(36, 38, 40),
]  # fmt: skip
ROOF_COLORS = [srgb(138, 78, 58), srgb(120, 66, 50), srgb(96, 66, 56), srgb(84, 84, 88), srgb(110, 92, 80)]
IRON = plain("iron", srgb(44, 46, 48), Surface.METAL, 0.5)
ROOFING = plain("roofing felt", (0.12, 0.12, 0.118), Surface.GRAVEL, 0.95)
GLASS = tuple(
    Material(f"window {i}", color, 0.1, clearcoat=1.0, surface=Surface.WINDOW)
    for i, color in enumerate(
        [(0.03, 0.034, 0.038), (0.05, 0.05, 0.048), (0.02, 0.024, 0.028), (0.3, 0.28, 0.25), (0.16, 0.15, 0.135)]
    )
)
"""Panes: dark rooms and, less often, curtains."""


def _slots(builder: MeshBuilder, style: Style) -> npt.NDArray[np.int64]:
    """Material row of every `Slot`."""
    walls = BRICK_COLORS if style.brick else PLASTER_COLORS
    wall = plain("wall", walls[style.color % len(walls)], Surface.BRICK if style.brick else Surface.PLASTER, 0.9)
    red, green, blue = TRIM_COLORS[(style.trim + 1) % len(TRIM_COLORS)]
    base_color = (0.6 * red, 0.6 * green, 0.6 * blue)
    shop = plain("shop front", DOOR_COLORS[(style.sign + 2) % len(DOOR_COLORS)], Surface.NONE, 0.5)
    table = {
        Slot.WALL: wall,
        Slot.TRIM: plain("trim", TRIM_COLORS[style.trim % len(TRIM_COLORS)], Surface.PLASTER, 0.85),
        Slot.FRAME: plain("frame", FRAME_COLORS[style.frame % len(FRAME_COLORS)], Surface.NONE, 0.5),
        Slot.GLASS: GLASS[0],
        Slot.DOOR: plain("door", DOOR_COLORS[style.door % len(DOOR_COLORS)], Surface.NONE, 0.5),
        Slot.BASE: plain("foundation", base_color, Surface.CONCRETE, 0.9),
        Slot.SHOP: shop,
        Slot.SIGN: plain("sign", SIGN_COLORS[style.sign % len(SIGN_COLORS)], Surface.NONE, 0.5),
        Slot.AWNING: plain("awning", SIGN_COLORS[(style.sign + 3) % len(SIGN_COLORS)], Surface.CLOTH, 0.9),
        Slot.IRON: IRON,
        Slot.SHUTTER: plain("shutter", DOOR_COLORS[(style.door + 1) % len(DOOR_COLORS)], Surface.NONE, 0.7),
    }
    return np.array([builder.material(table[slot]) for slot in Slot])


def put_building(builder: MeshBuilder, plot: Plot, style: Style, rng: np.random.Generator) -> float:
    """Adds a building; returns the height of its eaves above the floor [m]."""
    rows = _slots(builder, style)
    glass = np.array([builder.material(g) for g in GLASS])
    u = np.array([*plot.along, 0.0])
    f = plot.front
    a = np.array([*plot.corner, plot.floor])
    b = a + u * plot.width
    walls = [
        (a, u, f, plot.width, "front"),
        (b, -f, u, plot.depth, "right"),
        (b - f * plot.depth, -u, -f, plot.width, "back"),
        (a - f * plot.depth, f, -u, plot.depth, "left"),
    ]
    ground = style.storey + (0.5 if style.shop else 0.0)
    eaves = ground + (style.storeys - 1) * style.storey
    middle = a + u * (plot.width / 2) - f * (plot.depth / 2)
    builder.solids.boxes(Solid.BUILDING, middle, (plot.width, plot.depth, eaves), float(np.arctan2(u[1], u[0])))
    for origin, along, outward, length, name in walls:
        seen = name in ("front", "back") or style.sides[0 if name == "left" else 1]
        if builder.faces:
            _foundation(builder, origin, along, length, plot.floor - plot.base, rows)
        if not seen:
            put_cells(builder, plain_cell(length, eaves), origin[None], along, outward, rows)
            continue
        _wall(builder, (origin, along, outward, length), style, name, ground, rows, glass, rng)
        if builder.faces and (name == "front" or style.sides[0 if name == "left" else 1]):
            _ledges(builder, origin, along, outward, length, style, ground, eaves, rows)
    _roof(builder, plot, style, eaves, rows, rng)
    return eaves


def _foundation(
    builder: MeshBuilder, origin: Floats, along: Floats, length: float, depth: float, rows: npt.NDArray
) -> None:
    low = origin - UP * depth
    quad = np.array([low, low + along * length, origin + along * length, origin])
    builder.quads(quad[None], rows[[Slot.BASE]], BUILDING)


def _window(style: Style, width: float, height: float, kind: str) -> Cell:
    if kind == "side":
        return window_cell(width, height, (0.9, 1.2), 1.1, columns=1, rich=style.rich, lintel=False)
    sill = 0.85 if style.window[1] < 1.65 else 0.6
    rich = style.rich and kind == "front"
    return window_cell(
        width, height, style.window, sill, columns=style.columns, rows=style.rows, rich=rich, lintel=kind == "front",
        shutters=style.shutters and kind == "front",
    )  # fmt: skip


def _wall(
    builder: MeshBuilder, frame: tuple[Floats, Floats, Floats, float], style: Style, name: str, ground: float,
    rows: npt.NDArray, glass: npt.NDArray, rng: np.random.Generator,
) -> None:  # fmt: skip
    """One wall: a grid of cells by bay and storey."""
    origin, along, outward, length = frame
    count = max(1, round(length / style.bay))
    width = length / count
    kind = name if name in ("front", "back") else "side"
    table = _cells(style, kind, width, ground) if builder.faces else {}
    plan = _plan(style, kind, count, rng)
    at: dict[str, list[tuple[float, float]]] = {}
    for storey, line in enumerate(plan):
        z = 0.0 if storey == 0 else ground + (storey - 1) * style.storey
        for bay, cell in enumerate(line):
            at.setdefault(cell, []).append((bay * width, z))
    for cell, places in at.items():
        panes = glass[rng.choice(len(glass), len(places), p=[0.4, 0.2, 0.2, 0.08, 0.12])]
        if "shop" in cell:
            panes = glass[rng.choice([1, 4], len(places))]
        if builder.faces:
            over, up = np.array(places).T[:, :, None]
            put_cells(builder, table[cell], origin + along * over + UP * up, along, outward, rows, panes)


def _cells(style: Style, kind: str, width: float, ground: float) -> dict[str, Cell]:
    """The cells of a wall by name; ``ground``: height of the ground floor [m]."""
    table = {
        "window": _window(style, width, style.storey, kind),
        "plain": plain_cell(width, style.storey),
        "low": _window(style, width, ground, kind),
        "low plain": plain_cell(width, ground),
    }
    if kind == "front":
        table["door"] = door_cell(width, ground, rich=style.rich)
        table["balcony"] = balcony_cell(width, style.storey, rich=style.rich)
        if style.shop:
            table["shop"] = shop_cell(width, ground, awning=style.awning, rich=style.rich)
            table["shop door"] = shop_door_cell(width, ground, rich=style.rich)
        if style.garage:
            table["garage"] = garage_cell(width, ground)
    return table


def _plan(style: Style, kind: str, count: int, rng: np.random.Generator) -> list[list[str]]:
    """Names of the cells, by storey from below, by bay."""
    upper = ["window"] * count
    low = ["low"] * count
    if kind == "side":
        keep = rng.random(count) < 0.5
        keep[int(rng.integers(count))] = True
        upper = ["window" if k else "plain" for k in keep]
        low = ["low" if k and not style.shop else "low plain" for k in keep]
    elif kind == "front":
        door = int(rng.integers(count))
        if style.shop:
            low = ["shop"] * count
            low[(door + count // 2) % count] = "shop door"
        if not style.shop or count > 3:
            low[door] = "door"
        if style.garage and count > 2:
            low[(door + 1) % count] = "garage"
    plan = [low]
    balcony = [bool(b) for b in rng.random(count) < 0.5]
    for storey in range(1, style.storeys):
        line = list(upper)
        if kind == "front" and style.balconies and storey >= 1:
            line = ["balcony" if b else c for b, c in zip(balcony, line, strict=True)]
        plan.append(line)
    return plan


def _ledges(
    builder: MeshBuilder, origin: Floats, along: Floats, outward: Floats, length: float, style: Style, ground: float,
    eaves: float, rows: npt.NDArray,
) -> None:  # fmt: skip
    """String course over the ground floor, cornice under the roof."""
    cell = Cell()
    if style.storeys > 1:
        cell.box(0.0, length, ground - 0.1, ground + 0.1, 0.0, 0.08, Slot.TRIM)
    if style.roof == "flat":
        cell.box(0.0, length, eaves - 0.1, eaves + 0.08, 0.0, 0.12, Slot.TRIM)
        cell.box(0.0, length, eaves + 0.08, eaves + 0.28, 0.0, 0.3, Slot.TRIM)
    elif style.storeys > 2:
        cell.box(0.0, length, eaves - 0.3, eaves, 0.0, 0.14, Slot.TRIM)
    if cell.corners:
        put_cells(builder, cell, origin[None], along, outward, rows)


def _roof(
    builder: MeshBuilder, plot: Plot, style: Style, eaves: float, rows: npt.NDArray, rng: np.random.Generator
) -> None:
    u, f = np.array([*plot.along, 0.0]), plot.front
    a = np.array([*plot.corner, plot.floor + eaves])
    tile = plain("roof tiles", ROOF_COLORS[style.roof_color % len(ROOF_COLORS)], Surface.ROOF_TILE, 0.85)
    if style.roof == "flat":
        _flat_roof(builder, plot, a, u, f, rows, rng)
    else:
        _pitched_roof(builder, plot, style, a, u, f, builder.material(tile), rows)
        rise = style.pitch * plot.depth / 2
        count = int(rng.integers(1, 3))
        for x in rng.uniform(0.15, 0.85, count) * plot.width:
            foot = a + u * x - f * plot.depth * 0.42 + UP * (rise * 0.5)
            yaw = float(np.arctan2(u[1], u[0]))
            builder.boxes(foot, (0.7, 0.55, rise * 0.5 + 1.0), yaw, rows[[Slot.WALL]], BUILDING)
            builder.boxes(
                foot + UP * (rise * 0.5 + 1.0), (0.85, 0.7, 0.1), yaw, rows[[Slot.TRIM]], BUILDING, bottom=True
            )
    if style.rich:
        for x in (0.25, plot.width - 0.25):
            foot = np.array([*plot.corner, plot.floor]) + u * x + f * 0.07
            builder.tubes(foot, foot + UP * eaves, 0.05, IRON, BUILDING, sides=6, cap=False)


def _flat_roof(
    builder: MeshBuilder, plot: Plot, a: Floats, u: Floats, f: Floats, rows: npt.NDArray, rng: np.random.Generator
) -> None:
    """Roofing behind a parapet, with a stair head and vents."""
    w, d = plot.width, plot.depth
    ring = np.array([a, a + u * w, a + u * w - f * d, a - f * d])
    inner = np.array(
        [
            a + u * 0.3 - f * 0.3,
            a + u * (w - 0.3) - f * 0.3,
            a + u * (w - 0.3) - f * (d - 0.3),
            a + u * 0.3 - f * (d - 0.3),
        ]
    )
    top, rise = UP * 0.75, UP * 0.15
    j = [1, 2, 3, 0]
    outer_wall = np.stack([ring, ring[j], ring[j] + top, ring + top], 1)
    inner_wall = np.stack([inner[j] + rise, inner + rise, inner + top, inner[j] + top], 1)
    coping = np.stack([ring + top, ring[j] + top, inner[j] + top, inner + top], 1)
    builder.quads(np.concatenate([outer_wall, inner_wall]), np.repeat(rows[[Slot.WALL]], 8), BUILDING)
    builder.quads(coping, np.repeat(rows[[Slot.TRIM]], 4), BUILDING)
    builder.quads((inner + rise)[None], ROOFING, BUILDING)
    yaw = float(np.arctan2(u[1], u[0]))
    for size in ((3.2, 2.6, 2.3), (1.0, 1.0, 1.1), (0.6, 0.6, 0.9)):
        at = a + rise + u * rng.uniform(0.25, 0.75) * w - f * rng.uniform(0.35, 0.7) * d
        builder.boxes(at, size, yaw, rows[[Slot.BASE]], BUILDING)


def _pitched_roof(
    builder: MeshBuilder, plot: Plot, style: Style, a: Floats, u: Floats, f: Floats, tile: int, rows: npt.NDArray
) -> None:
    """Gable or hip with its ridge along the front; eaves hang over, with soffit, fascia and gutter."""
    if not builder.faces:
        return
    w, d = plot.width, plot.depth
    rise, over = style.pitch * d / 2, 0.4
    drop = UP * (style.pitch * over)
    side = 0.25 if style.roof == "gable" else over
    hip = 0.0 if style.roof == "gable" else min(w / 2 - 0.5, d / 2)
    lift = UP * 0.14
    fl, fr = a - u * side + f * over - drop, a + u * (w + side) + f * over - drop
    bl, br = fl - f * (d + 2 * over), fr - f * (d + 2 * over)
    ridge = a - f * d / 2 + UP * rise
    rl, rr = ridge + u * (hip - (side if not hip else 0.0)), ridge + u * (w - hip + (side if not hip else 0.0))
    slopes = [[fl, fr, rr, rl], [br, bl, rl, rr]]
    if hip:
        slopes += [[fr, br, rr, rr], [bl, fl, rl, rl]]
    top = np.array(slopes) + lift
    builder.quads(top, np.full(len(top), tile), BUILDING)
    builder.quads(np.array(slopes)[:, ::-1], np.repeat(rows[[Slot.TRIM]], len(slopes)), BUILDING)
    rim = [(fl, fr), (br, bl)] + ([(fr, br), (bl, fl)] if hip else [(fr, rr), (rr, br), (bl, rl), (rl, fl)])
    fascia = np.array([[p, q, q + lift, p + lift] for p, q in rim])
    builder.quads(fascia, np.repeat(rows[[Slot.FRAME]], len(fascia)), BUILDING)
    if not hip:
        gables = np.array([[a + u * w, a + u * w - f * d, ridge + u * w], [a - f * d, a, ridge]])
        builder.triangles(gables, np.repeat(rows[[Slot.WALL]], 2), BUILDING)
    gutter = np.array([fl, br]) + np.array([f, -f]) * 0.06 + UP * 0.05
    ends = np.array([fr, bl]) + np.array([f, -f]) * 0.06 + UP * 0.05
    builder.tubes(gutter, ends, 0.07, IRON, BUILDING, sides=6, cap=False)


def put_block(builder: MeshBuilder, plot: Plot, height: float, color: int) -> None:
    """A distant building: four walls with bands of windows, a roof. Few triangles, for the skyline."""
    wall = builder.material(plain("wall", PLASTER_COLORS[color % len(PLASTER_COLORS)], Surface.PLASTER, 0.9))
    pane = builder.material(GLASS[color % 3])
    ring = np.concatenate([plot.corners(), np.full((4, 1), plot.base)], 1)
    j = [1, 2, 3, 0]
    top = plot.floor + height - plot.base
    builder.quads(np.stack([ring, ring[j], ring[j] + UP * top, ring + UP * top], 1), np.full(4, wall), BUILDING)
    builder.quads((ring + UP * top)[None], ROOFING, BUILDING)
    lines = np.arange(plot.floor - plot.base + 1.0, top - 1.5, 3.0)
    quads = []
    for k in range(4):
        p, q = ring[k], ring[j[k]]
        length = float(np.linalg.norm(q - p))
        out = np.array([q[1] - p[1], p[0] - q[0], 0.0]) / length * 0.03
        count = max(1, int(length / 3.4))
        left = (np.arange(count) + 0.28) / count
        right = (np.arange(count) + 0.72) / count
        x0, x1 = p + (q - p) * left[:, None] + out, p + (q - p) * right[:, None] + out
        for z in lines:
            quads.append(np.stack([x0 + UP * z, x1 + UP * z, x1 + UP * (z + 1.5), x0 + UP * (z + 1.5)], 1))
    if quads:
        panes = np.concatenate(quads)
        builder.quads(panes, np.full(len(panes), pane), BUILDING)
