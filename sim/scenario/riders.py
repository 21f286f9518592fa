"""Riders: a bicycle, a motorcycle or a wheelchair carries somebody, somebody pushes a stroller; each is an actor of its own."""

from __future__ import annotations

from dataclasses import replace

from sim.assets import AssetSpec, find_asset, list_assets
from sim.random import Stream
from sim.scenario.world import ActorSpec, WorldSpec

RIDDEN = ("bicycle", "motorbike", "wheelchair")
"""Categories of what somebody rides or pushes."""


def choose_look(actor: ActorSpec, look_seed: int) -> str:
    """Name of an actor's asset: its own, or drawn among those of its kind."""
    draw = Stream(look_seed, 0, 0).uniform(f"asset/{actor.name}")
    return actor.asset or find_asset(actor.kind, int(draw * 2**31))


def with_riders(spec: WorldSpec) -> WorldSpec:
    """The world with an actor more for each cycle, after all others: called as the cycle with a `+`.

    A cycle's given height is taken as with its rider.
    """
    actors, riders = [], []
    assets = list_assets()
    for actor in spec.actors:
        name = choose_look(actor, spec.look_seed) if actor.category in RIDDEN else ""
        if name in assets and assets[name].rider is not None:
            actor = _ridden(actor, assets[name])
            riders.append(_rider(actor, assets[name], assets[assets[name].rider or ""]))
        actors.append(actor)
    return replace(spec, actors=[*actors, *riders])


def _ridden(actor: ActorSpec, asset: AssetSpec) -> ActorSpec:
    if actor.height is None:
        return actor
    assert asset.ridden_height is not None
    height = asset.height * actor.height / asset.ridden_height
    center = actor.box_center and (*actor.box_center[:2], 0.5 * height)
    return replace(actor, height=height, box_center=center)


def _rider(cycle: ActorSpec, asset: AssetSpec, rider: AssetSpec) -> ActorSpec:
    """Who rides a cycle, larger or smaller as it is, in the cycle's frame."""
    length, width, height = (
        own / usual
        for own, usual in zip(
            (cycle.length or asset.length, cycle.width or asset.width, cycle.height or asset.height),
            asset.size,
            strict=True,
        )
    )
    # What is not the asset's own box is as far ahead or aside as the cycle's.
    middle = cycle.box_center or (asset.box_center[0] * length, asset.box_center[1] * length, 0.0)
    return ActorSpec(
        f"{cycle.name}+", "rider", "pedestrian", asset=rider.name,
        length=rider.length * length, width=rider.width * width, height=rider.height * height,
        box_center=(
            middle[0] + (rider.box_center[0] - asset.box_center[0]) * length,
            middle[1] + (rider.box_center[1] - asset.box_center[1]) * width,
            rider.box_center[2] * height,
        ),
        speed=cycle.speed, visible=cycle.visible, traffic=cycle.traffic, carrier=cycle.name,
    )  # fmt: skip
