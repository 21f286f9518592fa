"""From a batch of worlds to everything that can be seen in them: the one door between sampling and rendering."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import warp as wp

from sim.assets import AssetSpec, asset_index, list_assets
from sim.assets.damage import burst
from sim.assets.model import Asset, Clip, Part, load
from sim.assets.occupants import POSES, occupants
from sim.physics.faults import DROP
from sim.render.library import MeshLibrary
from sim.render.mesh import MeshData
from sim.render.models import MapModel, Model, ModelPart, PartMotion
from sim.render.scenery import map_of, scenery_model
from sim.sampling import Batch
from sim.scenario.skies import SkyPicture, read_sky

MOTION = {
    "body": PartMotion.FIXED,
    "wheel": PartMotion.WHEEL,
    "steered_wheel": PartMotion.STEERED_WHEEL,
    "steered": PartMotion.STEERED,
    "crank": PartMotion.CRANK,
    "door_left": PartMotion.DOOR_LEFT,
    "door_right": PartMotion.DOOR_RIGHT,
    "clip": PartMotion.FIXED,
}
"""How the parts of `sim.assets.model` move."""


def build_library(batch: Batch, device: wp.DeviceLike = None, *, detail: float = 1.0) -> MeshLibrary:
    """Meshes, materials and textures of all actors and maps of a batch, uploaded to its device.

    Assets are read once per process and maps built once per ``map_key``, so that later batches of the same scenarios start at once.

    Args:
        batch: Worlds of `sim.sampling.sample_worlds`; spare draws of later episodes count too.
        device: Warp device; None: the batch's.
        detail: Scales leaves and blades of the scenery.

    Returns:
        A library whose models are rows of ``Scene.asset`` and whose maps are rows of ``Scene.map_index``.
    """
    maps = [map_of(spec.map_key, spec.network, spec.setting, detail) for spec in batch.map_specs]
    used = {actor.asset.name for draws in batch.actor_specs for actors in draws for actor in actors}
    skies = [read_sky(sky.path, sky.has_sun) for sky in batch.skies]
    return library_of(used, maps, batch.device if device is None else device, detail, skies)


def library_of(
    names: Iterable[str], maps: list[MapModel], device: wp.DeviceLike = None, detail: float = 1.0,
    skies: Sequence[SkyPicture] = (),
) -> MeshLibrary:  # fmt: skip
    """A library of some assets, maps and pictures of skies; models of assets that are not named are empty."""
    wanted = set(names)
    models = [asset_model(name) if name in wanted else absent(name) for name in list_assets()]
    scenery = sorted({instance.model for m in maps for instance in m.instances})
    return MeshLibrary([*models, *(scenery_model(name, detail) for name in scenery)], maps, device, skies)


def absent(name: str) -> Model:
    """A model of which nothing is seen; keeps the rows of others in place."""
    return Model(name, (), (1.0, 1.0, 1.0), (0.0, 0.0, 0.5))


def asset_model(name: str) -> Model:
    """How an asset is drawn: its parts in the actor's frame, gaits as flip-books of posed meshes."""
    asset_index(name)
    return _model(list_assets()[name])


@cache
def _model(spec: AssetSpec) -> Model:
    asset, name = load(spec), spec.name
    walk, run = asset.clips.get("walk") or asset.clips.get("ride"), asset.clips.get("run")
    walk = walk or run
    run = run if run is not walk else None
    fall = asset.clips.get("fall")
    names = [
        next(name for name, clip in asset.clips.items() if clip is chosen) if chosen else ""
        for chosen in (walk, run, fall)
    ]
    scale = spec.variant.scale if spec.variant else 1.0
    parts = tuple(
        ModelPart(_frames(part, names), MOTION[part.role], part.pivot)
        for part in asset.parts
        if len(part.mesh.triangles)
    )
    seats = tuple(
        ModelPart(occupants(POSES[min(k, 1)], spec.semantic), pivot=seat, seat=k) for k, seat in enumerate(spec.seats)
    )
    return Model(
        name, parts + seats, _scaled(spec.size, 1.0 / scale), _scaled(spec.box_center, 1.0 / scale), stride=walk.stride if walk else 0.0,
             rest_frame=_rest(asset, walk, run),
        uniform_scale=spec.uniform_scale, lights=spec.lights, walk_frames=len(walk.frames) if walk else 0,
        run_stride=run.stride if run else 0.0, fall_frames=len(fall.frames) if fall else 0,
    )  # fmt: skip


def _scaled(v: tuple[float, float, float], k: float) -> tuple[float, float, float]:
    return v if k == 1.0 else (k * v[0], k * v[1], k * v[2])


def _frames(part: Part, clips: list[str]) -> tuple[MeshData, ...]:
    """Of a posed part: the walk, the run, the pose of somebody who stands, and the fall, by their names ('' for none).

    Of a wheel: whole, and with its tyre burst.
    """
    if MOTION[part.role] in (PartMotion.WHEEL, PartMotion.STEERED_WHEEL):
        return (part.mesh, burst(part.mesh, DROP))
    if part.role != "clip":
        return (part.mesh,)
    walk, run, fall = (part.frames.get(name, ()) for name in clips)
    return (*walk, *run, part.mesh, *fall)


def _rest(asset: Asset, walk: Clip | None, run: Clip | None) -> int:
    if not any(part.role == "clip" for part in asset.parts):
        return 0
    return sum(len(clip.frames) for clip in (walk, run) if clip)
