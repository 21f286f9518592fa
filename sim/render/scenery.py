"""A map as it is drawn: road surface, land, and what stands beside the road (`sim.scenery`)."""

from __future__ import annotations

from collections import OrderedDict

from sim.render.mesh import MeshData, merge
from sim.render.models import MapModel, Model, ModelPart, StaticInstance
from sim.road.mesh import RoadSurface
from sim.road.network import RoadNetwork
from sim.scenery.build import build_site, map_seed
from sim.scenery.plants import plant
from sim.scenery.signals import signal_model

KEPT_MAPS = 12
"""Maps that stay in memory for later batches."""

_maps: OrderedDict[tuple[str, str, float], MapModel] = OrderedDict()


def build_map(network: RoadNetwork, setting: str = "auto", seed: int = 0, detail: float = 1.0) -> MapModel:
    """Everything of a map that does not move; arguments as of `sim.scenery.build.build_site`.

    Returns:
        One mesh, its street lamps, and trees and signals as instances of `scenery_model`.
    """
    site = build_site(network, setting, seed, detail)
    assert isinstance(site.surface, RoadSurface)
    mesh = merge([site.surface.mesh, site.builder.build()])
    statics = [StaticInstance(name, matrix) for name, matrix in site.instances]
    statics += [StaticInstance(name, matrix, signal) for name, matrix, signal in site.heads]
    return MapModel(mesh, tuple(site.lights), tuple(statics))


def map_of(key: str, network: RoadNetwork, setting: str, detail: float = 1.0) -> MapModel:
    """`build_map`, kept for later calls; equal keys stand for equal networks. The key seeds the scenery."""
    if not key:
        return build_map(network, setting, map_seed(key, network), detail)
    entry = (key, setting, detail)
    if entry not in _maps:
        _maps[entry] = build_map(network, setting, map_seed(key, network), detail)
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
