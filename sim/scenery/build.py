"""A map's surroundings as a whole: what setting it has, everything that stands there, and what of that stops bodies."""

from __future__ import annotations

import zlib
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from sim.road.elements import DRIVABLE
from sim.road.mesh import build_road_surface, plan_roads
from sim.road.network import RoadNetwork
from sim.scenery.country import build_country, build_horizon
from sim.scenery.layout import Occupancy, walks
from sim.scenery.objects import put_objects
from sim.scenery.parts import MeshBuilder
from sim.scenery.signals import put_signals
from sim.scenery.site import Site, window_of
from sim.scenery.terrain import LevelGround, build_ground
from sim.scenery.town import build_town
from sim.scenery.tunnels import put_tunnels

SETTINGS = ("town", "suburb", "rural", "motorway", "forest")
FAST = 24.0
"""Speed limit above which a wide road is taken for a motorway [m/s]."""
BESIDE = 90.0
"""How far from the roads room is kept account of [m]."""
KEPT = 256
"""Maps whose solids stay in memory for later batches."""

_solids: OrderedDict[tuple[str, str], npt.NDArray[np.void]] = OrderedDict()


def guess_setting(network: RoadNetwork) -> str:
    """What surrounds the roads of a map that does not say it: from road types, speed limits, lanes and sidewalks."""
    kinds = [(kind.lower(), limit or 0.0) for road in network.order for _, kind, limit in road.kinds]
    lanes = [lane for road in network.order for section in road.sections for lane in section.lanes.values()]
    if any(lane.kind == "sidewalk" for lane in lanes) or any(k in ("town", "lowspeed", "pedestrian") for k, _ in kinds):
        return "suburb" if sum(lane.kind == "sidewalk" for lane in lanes) == 0 else "town"
    one_way = max(
        (sum(lane.kind in DRIVABLE for i, lane in section.lanes.items() if i * side > 0))
        for road in network.order for section in road.sections for side in (1, -1)
    )  # fmt: skip
    if any("motorway" in kind for kind, _ in kinds) or (one_way > 1 and not network.junctions):
        return "motorway"
    if any(limit > FAST for _, limit in kinds) and one_way > 1:
        return "motorway"
    return "rural"


def map_seed(key: str, network: RoadNetwork) -> int:
    """Seeds the scenery of a map; without a key that of its name."""
    return zlib.crc32((key or network.name).encode())


def build_site(
    network: RoadNetwork, setting: str, seed: int, detail: float = 1.0, builder: MeshBuilder | None = None
) -> Site:
    """Everything that stands on a map.

    Args:
        network: The roads.
        setting: One of `SETTINGS`, or 'auto' (`guess_setting`).
        seed: Draws houses, trees, hills.
        detail: Scales the number of leaves and blades.
        builder: Receives the faces and what stops bodies. One without faces gets what stops bodies on level ground: the same things at
            the same places, in a tenth of the time.
    """
    setting = setting if setting in SETTINGS else guess_setting(network)
    built = setting in ("town", "suburb")
    builder = MeshBuilder() if builder is None else builder
    green, verge = not built, 0.0 if built else 1.0
    rng = np.random.default_rng([seed & 0xFFFFFFFF, 11])
    if builder.faces:
        surface = build_road_surface(network, green=green, verge=verge)
        window = window_of([surface.covers.reshape(-1, 3)])
        ground = build_ground(builder, surface, window, setting, rng)
    else:
        surface = plan_roads(network, green=green, verge=verge)
        window = window_of([surface.covers.reshape(-1, 3)])
        ground = LevelGround(surface, window, setting, rng)
    low, high = np.array(window[:2]) - BESIDE, np.array(window[2:]) + BESIDE
    site = Site(network, surface, ground, Occupancy(surface, low, high), window, setting, seed, detail, builder)
    lines = list(walks(surface.edges, window, {r.index for r in network.order if r.junction is None}))
    put_signals(site)
    put_tunnels(site)
    put_objects(site)
    (build_town if built else build_country)(site, lines)
    build_horizon(site)
    return site


def map_solids(key: str, network: RoadNetwork, setting: str) -> npt.NDArray[np.void]:
    """What of a map stops bodies (`sim.scenery.solids.Solids.rows`), kept for later calls; equal keys stand for equal networks."""
    entry = (key, setting)
    if not key or entry not in _solids:
        rows = build_site(
            network, setting, map_seed(key, network), builder=MeshBuilder(faces=False)
        ).builder.solids.rows()
        if not key:
            return rows
        _solids[entry] = rows
        while len(_solids) > KEPT:
            _solids.popitem(last=False)
    _solids.move_to_end(entry)
    return _solids[entry]
