"""Entities as actors: kinds that assets can serve, boxes, axles, performance, controllers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sim.scenario.openscenario.catalogs import Catalogs
from sim.scenario.openscenario.parameters import declare
from sim.scenario.openscenario.trailers import MAX_TRAILERS, check_trains, read_coupling
from sim.scenario.openscenario.xml import Node
from sim.scenario.storyboard import UNLIMITED
from sim.scenario.world import ActorSpec

MAX_ENTITIES = 512

VEHICLES = {
    "car": "car", "van": "van", "truck": "truck", "trailer": "trailer", "semitrailer": "semitrailer", "bus": "bus",
    "motorbike": "motorbike", "bicycle": "bicycle", "train": "train", "tram": "tram", "wheelchair": "wheelchair",
    "microcar": "car", "micromobility": "bicycle", "standup_scooter": "bicycle", "pedelec": "bicycle",
}  # fmt: skip
PEDESTRIANS = {"pedestrian": "pedestrian", "wheelchair": "wheelchair", "animal": "animal"}
OBJECTS = {
    name: name
    for name in (
        "none", "obstacle", "barrier", "building", "crosswalk", "gantry", "parkingSpace", "patch", "pole", "railing", "roadMark",
        "soundBarrier", "streetLamp", "trafficIsland", "tree", "vegetation",
    )
}  # fmt: skip

KINDS = {
    "car": ("car", "suv"), "suv": ("suv", "car"), "van": ("van", "car"), "truck": ("lorry", "van"), "trailer": ("caravan", "lorry"),
    "semitrailer": ("semitrailer", "lorry"), "bus": ("bus", "coach", "lorry"), "motorbike": ("motorcycle", "bicycle"),
    "bicycle": ("bicycle", "motorcycle"), "train": ("tram", "bus"), "tram": ("tram", "bus"), "wheelchair": ("wheelchair", "pedestrian"),
    "pedestrian": ("pedestrian", "man", "woman"), "child": ("child", "pedestrian"), "animal": ("deer", "dog"), "dog": ("dog", "deer"),
    "low": ("pallet", "crate", "box", "tyre"), "obstacle": ("crate", "box", "pallet", "barrier"), "pole": ("cone", "ladder", "box"),
    "barrier": ("barrier", "crate", "box"), "tree": ("tree", "crate"),
}  # fmt: skip
"""Kinds of assets that can stand for a kind of entity, best first."""

KNOWN_CONTROLLERS = frozenset({"defaultcontroller", "default"})


def pick_kind(wanted: str) -> str:
    """The first kind of asset there is for a kind of entity; a car, failing all."""
    from sim.assets import kinds

    there = kinds()
    for kind in (*KINDS.get(wanted, ()), wanted):
        if kind in there:
            return kind
    return "car"


@dataclass
class Entities:
    """The actors of a scenario, the ego first."""

    actors: list[ActorSpec] = field(default_factory=list)
    lines: dict[str, Node] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """EntitySelections: their members."""
    types: dict[str, str] = field(default_factory=dict)
    """'vehicle', 'pedestrian' or 'miscellaneous' of each."""

    def names(self, node: Node, name: str) -> tuple[str, ...]:
        """The entity of a name, or the members of a selection.

        Raises:
            ScenarioError: if there is none.
        """
        if name in self.lines:
            return (name,)
        if name in self.groups:
            return self.groups[name]
        known = ", ".join(list(self.lines)[:12])
        raise node.error(f"there is no entity {name!r}", f"Entities: {known}.")

    def one(self, node: Node, attribute: str = "entityRef") -> str:
        """The single entity that an attribute names."""
        names = self.names(node, node.text(attribute))
        if len(names) != 1:
            raise node.error(f"{attribute} must name one entity, not a selection of {len(names)}")
        return names[0]

    def all(self, holder: Node) -> tuple[str, ...]:
        """The entities that the EntityRefs in an element name."""
        return tuple(name for ref in holder.children("EntityRef") for name in self.names(ref, ref.text("entityRef")))


def read_entities(node: Node, catalogs: Catalogs) -> Entities:
    """All entities: the ego (named so, else the first vehicle) becomes actor 0.

    Raises:
        ScenarioError: if there is none, there are too many, or two have one name.
    """
    out = Entities()
    for child in node.children("ScenarioObject"):
        name = child.text("name")
        if name in out.lines:
            raise child.error(f"the entity {name!r} is there twice")
        trailers: list[ActorSpec] = []
        actor, kind = _object(child, name, catalogs, trailers)
        for one in (actor, *trailers):
            if one.name in out.lines:
                raise child.error(f"the entity {one.name!r} is there twice")
            out.actors.append(one)
            out.lines[one.name] = child
            out.types[one.name] = kind
        if len(out.actors) > MAX_ENTITIES:
            raise child.error(f"there are more than {MAX_ENTITIES} entities")
    if not out.actors:
        raise node.error("there is no entity", "A ScenarioObject belongs here.")
    check_trains(out.actors, out.lines)
    for child in node.children("EntitySelection"):
        members = child.need("Members")
        names = list(out.all(members))
        for by_type in members.children("ByType"):
            wanted = by_type.text("objectType")
            names += [n for n, kind in out.types.items() if kind == wanted and n not in names]
        out.groups[child.text("name")] = tuple(names)
    ego = next((i for i, a in enumerate(out.actors) if a.name.lower() == "ego"), None)
    if ego is None:
        ego = next((i for i, a in enumerate(out.actors) if out.types[a.name] == "vehicle"), 0)
    out.actors.insert(0, out.actors.pop(ego))
    return out


def _object(node: Node, name: str, catalogs: Catalogs, trailers: list[ActorSpec]) -> tuple[ActorSpec, str]:
    """The actor of a ScenarioObject and its type; trailers that its file describes with it are added to ``trailers``."""
    found: tuple[ActorSpec, str] | None = None
    for child in node.all():
        if child.tag == "CatalogReference":
            with catalogs.entry(child, "Vehicle", "Pedestrian", "MiscObject") as entry:
                found = _body(entry, name, catalogs, trailers)
        elif child.tag in ("Vehicle", "Pedestrian", "MiscObject"):
            found = _body(declare(child), name, catalogs, trailers)
        elif child.tag == "ObjectController":
            read_controller(child, name)
        else:
            child.note(f"{child.tag} of {name} is not supported")
    if found is None:
        raise node.error(
            f"entity {name!r} has no body", "A Vehicle, Pedestrian, MiscObject or CatalogReference belongs here."
        )
    return found


def read_controller(node: Node, name: str) -> None:
    """Note a controller that Swerve lacks: its entity keeps the default controller."""
    node.get("name")
    for child in node.all():
        if child.tag == "CatalogReference":
            label = f"{child.text('catalogName')}/{child.text('entryName')}"
            child.note(f"controller {label} of {name} is not known: the default controller moves {name}")
        elif child.tag == "Controller":
            label = child.text("name")
            if label.lower() not in KNOWN_CONTROLLERS:
                child.note(f"controller {label} of {name} is not known: the default controller moves {name}")


def _body(node: Node, name: str, catalogs: Catalogs, trailers: list[ActorSpec]) -> tuple[ActorSpec, str]:
    node.get("name")
    node.get("model3d")
    node.get("model")
    if node.tag == "Vehicle":
        actor, trailer = _vehicle(node, name), read_coupling(node, name)
        if trailer.body is not None:
            towed = f"{name}+"
            if len(towed) - len(towed.rstrip("+")) > MAX_TRAILERS:
                raise node.error(f"{name} is the end of more than {MAX_TRAILERS} trailers")
            if trailer.body.tag == "CatalogReference":
                with catalogs.entry(trailer.body, "Vehicle") as entry:
                    pulled = _body(entry, towed, catalogs, trailers)[0]
            else:
                pulled = _body(declare(trailer.body), towed, catalogs, trailers)[0]
            trailers.append(pulled)
            trailer = replace(trailer, name=towed)
        return replace(actor, hitch=trailer.hitch, coupler=trailer.coupler, trailer=trailer.name), "vehicle"
    mass = node.optional("mass")
    base = replace(_box(node, name), mass=mass if mass is not None and mass > 0 else None)
    _properties(node, name)
    if node.tag == "Pedestrian":
        category = node.choice("pedestrianCategory", PEDESTRIANS, "pedestrian")
        small = base.height is not None and base.height < 1.4
        wanted = "child" if category == "pedestrian" and small else category
        if category == "animal" and base.height is not None and base.height < 0.9:
            wanted = "dog"
        limits = dict.fromkeys(("max_speed", "max_acceleration", "max_deceleration"), UNLIMITED)
        return replace(base, kind=pick_kind(wanted), category=category, **limits), "pedestrian"
    category = node.choice("miscObjectCategory", OBJECTS, "obstacle").lower()
    wanted = {"pole": "pole", "streetlamp": "pole", "barrier": "barrier", "railing": "barrier", "tree": "tree"}.get(
        category, "obstacle"
    )
    if wanted == "obstacle" and base.height is not None and base.height < 0.4:
        wanted = "low"
    return replace(base, kind=pick_kind(wanted), category=category), "miscellaneous"


def _box(node: Node, name: str) -> ActorSpec:
    box = node.child("BoundingBox")
    if box is None:
        return ActorSpec(name, "car")
    size, center = box.need("Dimensions"), box.need("Center")
    length, width, height = (size.number(k, low=0.0) for k in ("length", "width", "height"))
    middle = (center.number("x"), center.number("y"), center.number("z"))
    return ActorSpec(
        name, "car", length=max(length, 0.05), width=max(width, 0.05), height=max(height, 0.05), box_center=middle
    )


def _vehicle(node: Node, name: str) -> ActorSpec:
    category = node.choice("vehicleCategory", VEHICLES, "car")
    node.get("role")
    actor = _box(node, name)
    wanted = category
    if category == "car" and actor.height is not None and actor.length is not None:
        if actor.height > 1.9 or "van" in name.lower().split("_"):
            wanted = "van"
        elif actor.height > 1.62 and actor.length > 4.0:
            wanted = "suv"
    limits = node.child("Performance")
    speed, up, down = 100.0, 10.0, 10.0
    if limits is not None:
        speed = limits.number("maxSpeed", 100.0, low=0.0, infinite=True)
        up = limits.number("maxAcceleration", 10.0, low=0.0, infinite=True)
        down = limits.number("maxDeceleration", 10.0, low=0.0, infinite=True)
        for rate in ("maxAccelerationRate", "maxDecelerationRate"):
            limits.get(rate)
    wheelbase, radius = _axles(node)
    mass = node.optional("mass")
    _properties(node, name)
    return replace(
        actor, kind=pick_kind(wanted), category=category, mass=mass if mass is not None and mass > 0 else None,
        wheelbase=wheelbase, wheel_radius=radius, max_speed=min(speed, UNLIMITED), max_acceleration=min(up, UNLIMITED),
        max_deceleration=min(down, UNLIMITED), color=_color(node),
    )  # fmt: skip


def _axles(node: Node) -> tuple[float | None, float | None]:
    """Wheelbase and wheel radius [m] of a vehicle."""
    axles = node.child("Axles")
    if axles is None:
        return None, None
    front, rear = axles.child("FrontAxle"), axles.child("RearAxle")
    found = [axle for axle in (front, rear) if axle is not None]
    for axle in (*found, *axles.children("AdditionalAxle")):
        for attribute in ("maxSteering", "wheelDiameter", "trackWidth", "positionX", "positionZ"):
            axle.number(attribute)
    diameter = found[-1].number("wheelDiameter") if found else 0.0
    wheelbase = front.number("positionX") - rear.number("positionX") if front is not None and rear is not None else 0.0
    return wheelbase if wheelbase > 0.2 else None, diameter / 2 if diameter > 0.05 else None


def _color(node: Node) -> tuple[float, float, float] | None:
    """Paint of a 'color' property of the form #RRGGBB, linear RGB."""
    for prop in node.element.iterfind("Properties/Property"):
        text = prop.get("value", "")
        if prop.get("name") == "color" and len(text) == 7 and text[0] == "#":
            try:
                channels = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            except ValueError:
                return None
            r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
            return r, g, b
    return None


def _properties(node: Node, name: str) -> None:
    """Note the properties, whose meaning is each tool's own: only a colour is used."""
    holder = node.child("Properties")
    if holder is None:
        return
    labels = []
    for prop in holder.all():
        label, value = prop.get("name") or prop.tag, prop.get("value") or prop.get("filepath")
        if label != "color" and value not in (None, ""):
            labels.append(f"{label}={value}")
    if labels:
        holder.note(f"properties of {name} are not used: {', '.join(labels)[:300]}")
