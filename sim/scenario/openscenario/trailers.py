"""Trailers: how vehicles are coupled to each other (ASAM OpenSCENARIO XML 1.3, TrailerHitch, TrailerCoupler, Trailer)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.scenario.openscenario.xml import Node
from sim.scenario.world import ActorSpec

MAX_TRAILERS = 8
"""In a row behind one vehicle, each described within the one that pulls it."""


@dataclass(frozen=True)
class Coupling:
    """How a vehicle pulls and is pulled."""

    hitch: float | None = None
    """Where it pulls: ahead of its reference point [m], so negative behind it; None if it cannot."""
    coupler: float | None = None
    """Where it is pulled: ahead of its reference point [m]; None if it cannot be."""
    name: str | None = None
    """Entity that it pulls."""
    body: Node | None = None
    """The trailer itself, where it is described within the vehicle that pulls it: a Vehicle or a CatalogReference."""


def read_coupling(node: Node, name: str) -> Coupling:
    """The coupling of a Vehicle element."""
    hitch, coupler = _reach(node, "TrailerHitch"), _reach(node, "TrailerCoupler")
    holder = node.child("Trailer")
    if holder is None:
        return Coupling(hitch, coupler)
    inner = holder.only()
    reference, body = None, None
    if inner.tag in ("TrailerRef", "EntityRef"):
        reference = inner.get("entityRef") or None
    else:
        inner.get("name")
        body = inner.only()
        if body.tag not in ("Vehicle", "CatalogReference"):
            body.note(f"{body.tag} cannot be pulled by {name}")
            body = None
    if hitch is None and (reference or body is not None):
        holder.note(f"{name} pulls no trailer: it has no TrailerHitch")
        return Coupling(hitch, coupler)
    return Coupling(hitch, coupler, reference, body)


def _reach(node: Node, tag: str) -> float | None:
    end = node.child(tag)
    return None if end is None else end.number("dx")


def check_trains(actors: Sequence[ActorSpec], lines: Mapping[str, Node]) -> None:
    """See that trailers are there, can be pulled, and are pulled by one vehicle only.

    Raises:
        ScenarioError: if not.
    """
    by_name = {actor.name: actor for actor in actors}
    pulled: dict[str, str] = {}
    for actor in actors:
        if actor.trailer is None:
            continue
        node, trailer = lines[actor.name], by_name.get(actor.trailer)
        if trailer is None:
            raise node.error(
                f"the trailer {actor.trailer!r} of {actor.name} is no entity", f"Entities: {', '.join(lines)}."
            )
        if trailer.coupler is None:
            raise node.error(f"{actor.name} cannot pull {actor.trailer}, which has no TrailerCoupler")
        if actor.trailer in pulled:
            raise node.error(f"{actor.trailer} is pulled by both {pulled[actor.trailer]} and {actor.name}")
        pulled[actor.trailer] = actor.name
        link: str | None = actor.trailer
        while link is not None:
            if link == actor.name:
                raise node.error(f"{actor.name} pulls itself")
            link = by_name[link].trailer if link in by_name else None
            if link == actor.trailer:
                break
