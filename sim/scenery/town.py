"""Towns and suburbs: rows of houses, gardens, street trees, lamps and what stands on pavements."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from sim.scenery import furniture as things
from sim.scenery.layout import BUILT, CARRIAGE, TAKEN, WALK, Walk
from sim.scenery.parts import Floats, placed
from sim.scenery.plants import BROADLEAF
from sim.scenery.site import Site, facing, soft_width, spaced
from sim.scenery.styles import draw_style
from sim.scenery.terrain import LevelGround

DEPTH = 11.0
RIM = -0.45
"""Facades stand at the back of the pavement and wall to wall: their plots are tried without what the raster's cells may round up [m]."""


def build_town(site: Site, lines: list[Walk]) -> None:
    """Everything beside the roads of a town or suburb."""
    suburb = site.setting == "suburb"
    for line in lines:
        key = f"{line.edge.road}/{line.edge.side}"
        if suburb:
            _houses(site, line, site.rng(f"houses {key}"))
        else:
            _terrace(site, line, site.rng(f"terrace {key}"))
    for line in lines:
        key = f"{line.edge.road}/{line.edge.side}"
        _lamps(site, line, site.rng(f"lamps {key}"))
        _street_trees(site, line, site.rng(f"trees {key}"))
        _clutter(site, line, site.rng(f"clutter {key}"))
    _close_ends(site, site.rng("ends"))
    _hinterland(site, site.rng("hinterland"))


def _along(outward: Floats) -> Floats:
    """Unit vector along a facade seen left to right from the road: z x front, front = -outward."""
    front = -outward
    return np.array([-front[1], front[0], 0.0])


def _front_line(line: Walk, s0: float, s1: float, setback: float) -> tuple[Floats, Floats, float]:
    """Left front corner, direction and width of a facade over a stretch of edge, clear of its bulge."""
    s = np.linspace(s0, s1, 5)
    points, outward, _ = line.at(s, setback)
    a, b = points[0], points[-1]
    mean = outward.mean(0)
    mean /= np.linalg.norm(mean)
    u = _along(mean)
    if (b - a) @ u < 0:
        a, b = b, a
    chord = b[:2] - a[:2]
    width = float(np.linalg.norm(chord))
    direction = np.array([*(chord / width), 0.0])
    out = np.array([-direction[1], direction[0], 0.0])
    bulge = max(0.0, float(((points - a) @ out).max()))
    return a + out * bulge, direction, width


def _terrace(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Houses wall to wall at the back of the pavement, with gaps and front gardens now and then."""
    setback = float(rng.choice([0.05, 0.05, 0.05, 3.2])) if line.edge.walkable else 3.0
    s = float(rng.uniform(0.0, 3.0))
    attached = False
    depth = DEPTH
    while s < line.length - 6.0:
        style = draw_style(rng, "town", rich=True)
        bays = int(rng.integers(3, 6))
        gap = 0.0 if rng.random() < 0.8 else float(rng.uniform(3.0, 6.0))
        placed_any = False
        for count in range(bays, 1, -1):
            width = style.bay * count
            if s + width > line.length + 4.0:
                continue
            corner, along, chord = _front_line(line, s, s + width, setback)
            plot = site.plot(corner, along, chord, depth, margin=RIM)
            if plot is None:
                continue
            ends = (not attached, True) if line.edge.side < 0 else (True, not attached)
            style = replace(
                style, storeys=style.storeys + int(site.detail > 4), sides=(True, True) if not attached else ends
            )
            site.build(plot, style, rng)
            if setback > 2.0:
                _garden_front(site, line, s, s + width, setback, rng)
            s += width + 0.02 + gap
            attached = gap == 0.0
            placed_any = True
            break
        if not placed_any:
            s += 2.5
            attached = False
    _back_row(site, line, rng, setback)


def _garden_front(site: Site, line: Walk, s0: float, s1: float, setback: float, rng: np.random.Generator) -> None:
    """Low wall, fence or hedge at the pavement with a gap for the path; bushes behind it."""
    gate = float(rng.uniform(0.3, 0.7)) * (s1 - s0) + s0
    kind = int(rng.integers(3))
    for a, b in ((s0 + 0.1, gate - 0.6), (gate + 0.6, s1 - 0.1)):
        if b - a < 1.2:
            continue
        points, _, _ = line.at(np.linspace(a, b, max(2, int(b - a) + 1)), 0.4)
        if not site.taken.free(points[:, :2], 0.2, CARRIAGE | BUILT).all():
            continue
        path = site.stand(points)
        if kind == 0:
            site.put_hedge(points, 0.55, float(rng.uniform(0.9, 1.3)), rng, site.detail)
        elif kind == 1:
            things.wall_along(site.builder, path, 0.7, 0.24, things.STONE if rng.random() < 0.5 else things.BRICKWORK)
        else:
            things.fence_along(
                site.builder, path, 1.0, things.WHITE if rng.random() < 0.4 else things.PALE_WOOD, slats=True
            )
    spots, _, _ = line.at(rng.uniform(s0 + 0.8, s1 - 0.8, 4), rng.uniform(1.4, max(1.5, setback - 0.9), 4))
    _bushes(site, spots[:, :2], rng)


def _bushes(site: Site, points: Floats, rng: np.random.Generator) -> None:
    ok = site.taken.free(points, 0.7, CARRIAGE | WALK | BUILT | TAKEN)
    for p in site.stand(points[ok]):
        name = f"near/bush-{int(rng.integers(3))}"
        site.bake(name, site.detail, placed(p, rng.uniform(0, 6.28), rng.uniform(0.5, 0.9)))
        site.taken.claim_discs(p[None, :2], 0.6)


def _back_row(site: Site, line: Walk, rng: np.random.Generator, setback: float) -> None:
    """Simpler houses in the yards behind the first row."""
    for s in spaced(line.length, 26.0, rng):
        point, outward, _ = line.at(s, setback + DEPTH + rng.uniform(9.0, 20.0))
        along = _along(outward[0])
        width = float(rng.uniform(11.0, 20.0))
        plot = site.plot(point[0] - along * width / 2, along, width, float(rng.uniform(9.0, 12.0)), margin=2.0)
        if plot is not None:
            style = draw_style(rng, "town", rich=False)
            site.build(plot, replace(style, shop=False, balconies=False, bay=3.6), rng)


def _houses(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Detached houses in gardens."""
    s = float(rng.uniform(1.0, 5.0))
    while s < line.length - 10.0:
        style = draw_style(rng, "suburb")
        width = float(rng.uniform(8.5, 12.5))
        setback = float(rng.uniform(4.5, 7.5))
        space = float(rng.uniform(5.0, 9.0))
        corner, along, chord = _front_line(line, s + space / 2, s + space / 2 + width, setback)
        plot = site.plot(corner, along, chord, float(rng.uniform(8.5, 10.5)), margin=1.0)
        if plot is not None:
            site.build(plot, style, rng)
            _garden_front(site, line, s, s + width + space, setback, rng)
            _garden_trees(site, line, s, s + width + space, setback, rng)
        s += width + space
    for s in spaced(line.length, 24.0, rng):
        point, outward, _ = line.at(s, rng.uniform(26.0, 34.0))
        along = _along(outward[0])
        width = float(rng.uniform(9.0, 13.0))
        plot = site.plot(point[0] - along * width / 2, along, width, 9.0, margin=2.0)
        if plot is not None:
            site.build(plot, draw_style(rng, "suburb", rich=False), rng)


def _garden_trees(site: Site, line: Walk, s0: float, s1: float, setback: float, rng: np.random.Generator) -> None:
    spots, _, _ = line.at(rng.uniform(s0, s1, 3), np.array([setback - 1.0, setback + 13.0, setback + 15.0]))
    for p in spots:
        site.put_trees(str(rng.choice(BROADLEAF)), p[None, :2], rng, scale=(0.55, 0.85))


def _lamps(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Lamps at the kerb, staggered from side to side."""
    road = site.network.order[line.edge.road]
    if any("lamp" in o.kind.lower() or "light" in o.kind.lower() for o in road.objects):
        return
    step = 27.0
    first = step * (0.25 if line.edge.side > 0 else 0.75)
    s = np.arange(first, line.length - 1.0, step)
    if len(s) == 0:
        return
    soft = soft_width(road, line.edge.side, float(line.edge.s[len(line.edge.s) // 2]))
    inset = -(soft - 0.45) if soft > 0.9 else 0.7
    points, outward, _ = line.at(s, inset)
    ok = site.taken.free(points[:, :2], 0.25, CARRIAGE | BUILT | TAKEN)
    points, outward = site.stand(points[ok]), outward[ok]
    site.lights += things.street_lamps(site.builder, points, facing(outward), 7.2, 1.3)
    site.taken.claim_discs(points[:, :2], 0.3)


def _street_trees(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Trees with high crowns near the kerb of wide pavements."""
    road = site.network.order[line.edge.road]
    soft = soft_width(road, line.edge.side, float(line.edge.s[len(line.edge.s) // 2]))
    if soft < 1.9 or rng.random() < 0.25:
        return
    s = spaced(line.length, float(rng.choice([11.0, 14.0, 19.0])), rng, jitter=0.12, margin=8.0)
    s = s[rng.random(len(s)) < 0.75]
    points, _, _ = line.at(s, -(soft - 0.75))
    name = str(rng.choice(["tree/street-0", "tree/street-1"]))
    before = len(site.instances)
    site.put_trees(name, points[:, :2], rng, scale=(0.95, 1.15), bits=CARRIAGE | BUILT | TAKEN)
    feet = np.array([m[:3, 3] for n, m in site.instances[before:] if n == name]).reshape(-1, 3)
    if len(feet):
        around = np.repeat(feet[:, :2], 40, 0)
        site.scatter_leaves(around + rng.normal(0.0, 1.3, around.shape), rng)


def _clutter(site: Site, line: Walk, rng: np.random.Generator) -> None:
    """Bins, benches, bollards, cabinets, signs, a shelter or an advertising column, and fallen leaves."""
    road = site.network.order[line.edge.road]
    soft = soft_width(road, line.edge.side, float(line.edge.s[len(line.edge.s) // 2]))
    if soft < 1.4:
        return
    wall, kerb = -0.35, -(soft - 0.4)

    def spots(step: float, offset: float, radius: float) -> tuple[Floats, Floats]:
        points, outward, _ = line.at(spaced(line.length, step, rng, jitter=0.4, margin=4.0), offset)
        ok = site.taken.free(points[:, :2], radius, CARRIAGE | BUILT | TAKEN)
        points, outward = site.stand(points[ok]), outward[ok]
        site.taken.claim_discs(points[:, :2], radius)
        return points, outward

    if soft > 3.0:
        for p, out in zip(*spots(90.0, -1.1, 2.2), strict=True):
            things.bus_shelter(site.builder, p, float(facing(out[None])[0]))
        for p, _ in zip(*spots(160.0, -1.0, 0.8), strict=True):
            things.advertising_column(site.builder, p, rng)
    points, outward = spots(34.0, kerb, 0.35)
    if len(points):
        things.bins(site.builder, points, facing(outward))
    if soft > 2.0:
        for p, out in zip(*spots(42.0, wall - 0.2, 0.9), strict=True):
            things.bench(site.builder, p, float(facing(out[None])[0]))
    for p, out in zip(*spots(58.0, wall, 0.6), strict=True):
        things.cabinet(site.builder, p, float(facing(out[None])[0]))
    for p, out in zip(*spots(21.0, wall - 0.05, 0.9), strict=True):
        yaw = float(facing(out[None])[0])
        count = int(rng.integers(1, 4))
        side = np.array([-math.sin(yaw), math.cos(yaw), 0.0])
        row = p + side * (np.arange(count)[:, None] - (count - 1) / 2) * 0.6
        things.wheelie_bins(site.builder, row, yaw, rng.integers(0, 3, count))
    ends = np.array([1.2, 2.6, 4.0])
    for s in (ends, line.length - ends):
        points, _, _ = line.at(s[(s > 0) & (s < line.length)], kerb + 0.05)
        if len(points) and rng.random() < 0.6:
            ok = site.taken.free(points[:, :2], 0.15, CARRIAGE | TAKEN)
            if ok.any():
                things.bollards(site.builder, site.stand(points[ok]))
    n = int(line.length * 1.2)
    points, _, _ = line.at(rng.uniform(0.0, line.length, n), -soft * rng.random(n) ** 2)
    site.scatter_leaves(points[:, :2], rng)


def _close_ends(site: Site, rng: np.random.Generator) -> None:
    """A house across the view where a street ends in nothing."""
    for road in site.network.order:
        for at_end, link in ((True, road.successor), (False, road.predecessor)):
            if link is not None or road.junction is not None:
                continue
            pose = road.pose(road.length if at_end else 0.0, 0.0)
            heading = pose.heading + (0.0 if at_end else math.pi)
            ahead = np.array([math.cos(heading), math.sin(heading), 0.0])
            along = np.array([ahead[1], -ahead[0], 0.0])
            start = np.array([pose.x, pose.y, pose.z]) + ahead * float(rng.uniform(16.0, 26.0)) - along * 34.0
            x = 0.0
            while x < 62.0:
                style = draw_style(rng, site.setting)
                width = style.bay * int(rng.integers(3, 6)) if site.setting == "town" else float(rng.uniform(9.0, 12.0))
                plot = site.plot(start + along * x, along, width, DEPTH if site.setting == "town" else 9.0)
                if plot is not None:
                    site.build(plot, style, rng)
                x += width + (0.02 if site.setting == "town" else 6.0)


def _hinterland(site: Site, rng: np.random.Generator) -> None:
    """Roofs and trees behind the houses, as far as one can see; none stops a body, nearer than 45 m to a road there are none."""
    if isinstance(site.ground, LevelGround):
        return
    x0, y0, x1, y1 = site.window
    reach = 190.0
    step = 46.0 if site.setting == "town" else 40.0
    gx, gy = np.meshgrid(
        np.arange(x0 - reach, x1 + reach, step), np.arange(y0 - reach, y1 + reach, step), indexing="ij"
    )
    spots = np.stack([gx.ravel(), gy.ravel()], 1)
    spots += rng.uniform(-9.0, 9.0, spots.shape)
    away = site.ground.relief.away(spots[:, 0], spots[:, 1])
    order = np.argsort(away, kind="stable")
    spots, away = spots[order], away[order]
    spots = spots[(away > 45.0) & (away < 260.0)][:110]
    trees = []
    for p in spots:
        angle = float(rng.choice([0.0, math.pi / 2])) + float(rng.normal(0.0, 0.1))
        along = np.array([math.cos(angle), math.sin(angle), 0.0])
        width = float(rng.uniform(14.0, 30.0)) if site.setting == "town" else float(rng.uniform(9.0, 13.0))
        plot = site.plot(np.array([*p, 0.0]), along, width, float(rng.uniform(10.0, 14.0)), margin=4.0)
        trees.append(p + rng.uniform(-20.0, 20.0, (3, 2)))
        if plot is None:
            continue
        if site.setting == "town":
            site.block(plot, float(rng.uniform(8.0, 19.0)), int(rng.integers(60)))
        elif rng.random() < 0.6:
            site.build(plot, replace(draw_style(rng, "suburb", rich=False), bay=4.5), rng)
    if trees:
        site.put_far_trees(np.concatenate(trees), rng, conifers=0.15, detail=0.5)
