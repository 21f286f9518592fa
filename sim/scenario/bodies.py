"""Contact boxes of actors at their start: sizes of assets, corners, overlap."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from sim import assets
from sim.assets import Category, find_asset, list_assets
from sim.render.mesh import Semantic
from sim.scenario.schema import KINDS


@dataclass(frozen=True)
class Body:
    """Box of an actor [m]; ``center_x``: of the box ahead of the actor's reference point."""

    asset: str
    length: float
    width: float
    height: float
    center_x: float


def choose_asset(kind: str, draw: int, *, any_class: bool = False) -> str:
    """An asset of a kind, picked by a non-negative integer; ``any_class``: or one of its size that is labelled as something else."""
    return find_asset(kind, draw, any_class=any_class)


def asset_body(name: str, length: float = 0.0, width: float = 0.0, height: float = 0.0) -> Body:
    """Box of an asset, stretched to the sizes given (0: its own)."""
    spec = list_assets()[name]
    length_ = length or spec.length
    return Body(name, length_, width or spec.width, height or spec.height, spec.box_center[0] * length_ / spec.length)


def known_assets(own: Collection[str] = ()) -> list[str]:
    """Names of the project's assets and of some that users brought."""
    return [name for name, spec in list_assets().items() if spec.recipe is None or name in own]


def category_of(kind: str) -> str:
    """OpenSCENARIO category, lower case, of a kind of actor: of the project's kinds, or of a user's."""
    return KINDS.get(kind) or list_assets()[assets.kinds()[kind][0]].category.name.lower()


def served_kinds() -> list[str]:
    """Kinds that an asset serves."""
    return list(assets.kinds())


def is_signal(name: str) -> bool:
    """Whether an asset is a traffic light: those belong to the map."""
    return list_assets()[name].semantic == Semantic.TRAFFIC_LIGHT


def doors_of(name: str) -> dict[str, float]:
    """Sides on which an asset has a door that opens, 'left' or 'right', and how far it does [rad]."""
    return {door.part.removeprefix("door_"): door.max_angle for door in list_assets()[name].doors}


def with_doors() -> list[str]:
    """Names of the assets whose doors open."""
    return [name for name, spec in list_assets().items() if spec.doors]


def coupling(tow: str, trailer: str) -> tuple[float, float] | None:
    """Where an asset pulls another and where that is pulled, ahead of their reference points [m]; None if they do not fit."""
    hitch, coupler = list_assets()[tow].hitch, list_assets()[trailer].coupler
    if hitch is None or coupler is None:
        return None
    # A fifth wheel is ahead of the rear axle, a ball behind it.
    fits = (hitch > 0.0) == (list_assets()[trailer].category == Category.SEMITRAILER)
    return (hitch, coupler) if fits else None


def corners(x: float, y: float, heading: float, body: Body, margin: float = 0.0) -> list[tuple[float, float]]:
    """Corners of the box of an actor whose reference point is at (x, y) [m]."""
    c, s = math.cos(heading), math.sin(heading)
    cx, cy = x + c * body.center_x, y + s * body.center_x
    hl, hw = body.length / 2 + margin, body.width / 2 + margin
    return [(cx + c * u - s * v, cy + s * u + c * v) for u, v in ((hl, hw), (-hl, hw), (-hl, -hw), (hl, -hw))]


def overlap(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> bool:
    """Whether two rectangles overlap (separating axes)."""
    for box in (a, b):
        for i in range(2):
            ax, ay = box[i + 1][0] - box[i][0], box[i + 1][1] - box[i][1]
            pa = [ax * x + ay * y for x, y in a]
            pb = [ax * x + ay * y for x, y in b]
            if max(pa) <= min(pb) or max(pb) <= min(pa):
                return False
    return True
