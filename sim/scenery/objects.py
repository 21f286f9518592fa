"""Objects that a map's file places beside its roads: trees, poles, lamps, rails, barriers, buildings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sim.render.mesh import Material, Semantic
from sim.road.elements import RoadObject
from sim.road.network import Road
from sim.scenery import furniture as things
from sim.scenery.layout import BUILT, CARRIAGE, TAKEN
from sim.scenery.parts import Floats, plain, srgb
from sim.scenery.site import Site
from sim.scenery.styles import Plot, draw_style
from sim.types import Solid

CRATE = plain("stacked wood", srgb(132, 100, 66))
LONGEST = 2500
"""Most single things taken from one map."""
LARGEST = 200.0
"""Longest and widest block or building taken from a file [m]; what is larger is cut to it, about its middle."""


def put_objects(site: Site) -> None:
    """Adds the objects of all roads, by type and name; painted ones are part of the road's surface."""
    budget = LONGEST
    for road in site.network.order:
        for thing in road.objects:
            kind = f"{thing.kind} {thing.name}".lower()
            if "tunnel" in kind:
                continue
            rng = site.rng(f"object {road.id}/{thing.id}")
            if any(word in kind for word in ("rail", "barrier", "fence", "hedge", "wall")) and "post" not in kind:
                _put_line(site, road, thing, kind, rng)
                continue
            points, yaw = _places(road, thing, budget)
            budget -= len(points)
            if len(points):
                _put_things(site, thing, kind, points, yaw, rng)


def _spots(road: Road, thing: RoadObject) -> Iterator[tuple[float, float]]:
    """(s, t) of an object and of its repeats."""
    repeats = [r for r in thing.repeats if r.get("length", 0.0) >= 0.0]
    if not repeats:
        yield thing.s, thing.t
    for r in repeats:
        step = r.get("distance", 0.0)
        count = 1 if step <= 0.0 else int(min(r.get("length", 0.0) / step, LONGEST)) + 1
        for k in range(min(count, LONGEST)):
            f = k / max(count - 1, 1)
            start = r.get("tStart", thing.t)
            yield r.get("s", thing.s) + k * step, start + f * (r.get("tEnd", start) - start)


def _places(road: Road, thing: RoadObject, budget: int) -> tuple[Floats, Floats]:
    """World points (n, 2) and yaws of an object and its repeats."""
    points, yaw = [], []
    for s, t in _spots(road, thing):
        if len(points) >= budget or not 0.0 <= s <= road.length:
            continue
        pose = road.pose(s, t)
        points.append((pose.x, pose.y))
        yaw.append(pose.heading + thing.hdg)
    return np.array(points, float).reshape(-1, 2), np.array(yaw)


def _put_things(
    site: Site, thing: RoadObject, kind: str, points: Floats, yaw: Floats, rng: np.random.Generator
) -> None:
    if "tree" in kind and "crosswalk" not in kind:
        conifer = any(word in kind for word in ("fir", "pine", "redwood", "conifer"))
        height = thing.height if thing.height > 1.0 else 9.0
        name = f"tree/conifer-{int(rng.integers(2))}" if conifer else f"tree/broad-{int(rng.integers(4))}"
        scale = height / (15.0 if conifer else 9.0)
        ok = site.taken.free(points, 0.6, CARRIAGE)
        site.put_trees(name, points[ok], rng, scale=(0.9 * scale, 1.1 * scale), bits=CARRIAGE, spread=1.5)
    elif "vegetation" in kind or "bush" in kind:
        site.put_bushes(points, rng, scale=max(thing.height, 1.0) / 1.6)
    elif "lamp" in kind or "streetlight" in kind:
        _put_lamps(site, thing, points, yaw, off="off" in kind)
    elif "post" in kind or "delineator" in kind:
        things.delineators(site.builder, site.stand(points), yaw)
    elif "pole" in kind:
        foot = site.stand(points)
        height = thing.height if thing.height > 0.5 else 3.0
        radius = min(max(thing.width / 2, 0.03), 0.15) if thing.width else 0.06
        site.builder.solids.posts(Solid.POLE, foot, radius, height)
        site.builder.tubes(
            foot - things.UP * 0.3, foot + things.UP * height, radius, things.POST, things.POLE, sides=10
        )
    elif "building" in kind or "barn" in kind:
        _put_building(site, thing, points[0], float(yaw[0]), rng)
    elif "bale" in kind or "stack" in kind or "box" in kind:
        size = (max(thing.length, 0.8), max(thing.width, 0.8), max(thing.height, 0.8))
        _put_boxes(site, points, size, yaw, CRATE)
    elif "obstacle" in kind and thing.length > 0.0 and thing.height > 0.0:
        _put_boxes(site, points, (thing.length, thing.width or thing.length, thing.height), yaw, things.STONE)
    site.taken.claim_discs(points, 0.4)


def _put_boxes(site: Site, points: Floats, size: tuple[float, float, float], yaw: Floats, material: Material) -> None:
    """Blocks that stop whoever drives into them."""
    foot = site.stand(points)
    size = min(size[0], LARGEST), min(size[1], LARGEST), size[2]
    site.builder.solids.boxes(Solid.OBJECT, foot, size, yaw)
    site.builder.boxes(foot, size, yaw, material, int(Semantic.STATIC))


def _put_lamps(site: Site, thing: RoadObject, points: Floats, yaw: Floats, *, off: bool) -> None:
    """Street lamps whose arms reach over the road."""
    foot = site.stand(points)
    ok = site.taken.free(points, 0.2, CARRIAGE)
    if not ok.any():
        return
    toward = yaw + (-math.pi / 2 if thing.t > 0 else math.pi / 2)
    height = thing.height if thing.height > 3.0 else 7.5
    lights = things.street_lamps(site.builder, foot[ok], toward[ok], height, 1.4)
    if not off:
        site.lights += lights


def _put_line(site: Site, road: Road, thing: RoadObject, kind: str, rng: np.random.Generator) -> None:
    """Rails, barriers, fences, hedges and walls along the road."""
    for r in thing.repeats or ({"s": thing.s, "length": thing.length, "tStart": thing.t, "tEnd": thing.t},):
        first = max(r.get("s", thing.s), 0.0)
        last = min(first + r.get("length", 0.0), road.length)
        if last - first < 1.5:
            continue
        s = np.linspace(first, last, max(2, int((last - first) / 4.0) + 1))
        start = r.get("tStart", thing.t)
        t = start + (r.get("tEnd", start) - start) * (s - first) / max(last - first, 1e-6)
        poses = [road.pose(float(a), float(b)) for a, b in zip(s, t, strict=True)]
        path = site.stand(np.array([(p.x, p.y) for p in poses]))
        left = np.array([(-math.sin(p.heading), math.cos(p.heading), 0.0) for p in poses])
        toward = -left if start > 0 else left
        if "hedge" in kind:
            site.put_hedge(path, max(thing.width, 0.8), max(thing.height, 1.2), rng, site.detail)
        elif "fence" in kind:
            things.fence_along(site.builder, path, max(thing.height, 1.1), things.WOOD, slats=False)
        elif "rail" in kind or "guard" in kind:
            things.guard_rail(site.builder, path, toward)
        elif "wall" in kind:
            things.wall_along(site.builder, path, max(thing.height, 1.0), max(thing.width, 0.25), things.STONE)
        else:
            things.concrete_barrier(site.builder, path, left, max(thing.height, 0.8))
        site.taken.claim_discs(path[:, :2], 0.4)


def _put_building(site: Site, thing: RoadObject, point: Floats, yaw: float, rng: np.random.Generator) -> None:
    length, width = (min(max(v, 6.0), LARGEST) for v in (thing.length, thing.width))
    along = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    front = np.array([along[1], -along[0]])
    corner = point - along[:2] * length / 2 + front * width / 2
    plan = Plot((float(corner[0]), float(corner[1])), (float(along[0]), float(along[1])), length, width, 0.0, 0.0)
    if site.taken.touches(plan.corners(), CARRIAGE | BUILT | TAKEN):
        return
    z = site.height(plan.corners())
    style = draw_style(rng, "suburb")
    storeys = max(1, round((thing.height or 6.0) / style.storey))
    site.build(
        replace(plan, floor=float(z.max()) + 0.04, base=float(z.min()) - 0.8),
        replace(style, storeys=min(storeys, 8)),
        rng,
    )
