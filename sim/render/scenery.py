"""A map as it is drawn: road surface, land, and what stands beside the road, by setting."""

from __future__ import annotations

import zlib
from collections import OrderedDict

import numpy as np

from sim.render.library import MapModel, Model, ModelPart, StaticInstance
from sim.render.mesh import MeshData, merge
from sim.render.scenery_country import build_country, build_horizon
from sim.render.scenery_layout import Occupancy, walks
from sim.render.scenery_objects import put_objects
from sim.render.scenery_parts import MeshBuilder
from sim.render.scenery_plants import plant
from sim.render.scenery_signals import put_signals, signal_model
from sim.render.scenery_site import Site, window_of
from sim.render.scenery_terrain import REACH, build_ground
from sim.render.scenery_town import build_town
from sim.road.elements import DRIVABLE
from sim.road.mesh import build_road_surface
from sim.road.network import RoadNetwork

SETTINGS = ("town", "suburb", "rural", "motorway", "forest")
KEPT_MAPS = 12
"""Maps that stay in memory for later batches."""
FAST = 24.0
"""Speed limit above which a wide road is taken for a motorway [m/s]."""

_maps: OrderedDict[tuple[str, str, float], MapModel] = OrderedDict()


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


def build_map(network: RoadNetwork, setting: str = "auto", seed: int = 0, detail: float = 1.0) -> MapModel:
    """Everything of a map that does not move.

    Args:
        network: The roads.
        setting: One of `SETTINGS`, or 'auto' (`guess_setting`).
        seed: Draws houses, trees, hills.
        detail: Scales the number of leaves and blades.

    Returns:
        One mesh, its street lamps, and trees and signals as instances of `scenery_model`.
    """
    setting = setting if setting in SETTINGS else guess_setting(network)
    built = setting in ("town", "suburb")
    surface = build_road_surface(network, green=not built, verge=0.0 if built else 1.0)
    window = window_of([surface.covers.reshape(-1, 3)])
    builder = MeshBuilder()
    ground = build_ground(builder, surface, window, setting, np.random.default_rng([seed & 0xFFFFFFFF, 11]))
    reach = min(REACH, 90.0)
    low, high = np.array(window[:2]) - reach, np.array(window[2:]) + reach
    site = Site(network, surface, ground, Occupancy(surface, low, high), window, setting, seed, detail, builder)
    lines = list(walks(surface.edges, window, {r.index for r in network.order if r.junction is None}))
    put_signals(site)
    put_objects(site)
    if built:
        build_town(site, lines)
    else:
        build_country(site, lines)
    build_horizon(site)
    mesh = merge([surface.mesh, builder.build()])
    statics = [StaticInstance(name, matrix) for name, matrix in site.instances]
    statics += [StaticInstance(name, matrix, signal) for name, matrix, signal in site.heads]
    return MapModel(mesh, tuple(site.lights), tuple(statics))


def map_of(key: str, network: RoadNetwork, setting: str, detail: float = 1.0) -> MapModel:
    """`build_map`, kept for later calls; equal keys stand for equal networks. The key seeds the scenery."""
    if not key:
        return build_map(network, setting, zlib.crc32(network.name.encode()), detail)
    entry = (key, setting, detail)
    if entry not in _maps:
        _maps[entry] = build_map(network, setting, zlib.crc32(key.encode()), detail)
        while len(_maps) > KEPT_MAPS:
            _maps.popitem(last=False)
    _maps.move_to_end(entry)
    return _maps[entry]


def scenery_model(name: str, detail: float = 1.0) -> Model:
    """The model of a static instance by its name: a plant, or a head of a traffic light."""
    mesh: MeshData = signal_model(name) if name.startswith("signal/") else plant(name, detail)
    lower, upper = mesh.bounds
    size, middle = upper - lower, (upper + lower) / 2
    return Model(
        name, (ModelPart((mesh,)),), (float(size[0]), float(size[1]), float(size[2])),
        (float(middle[0]), float(middle[1]), float(middle[2])),
    )  # fmt: skip
