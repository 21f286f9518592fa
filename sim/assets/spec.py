"""What is known of an asset without opening its mesh: kinds, sizes, mass, axles, lamps, doors, credits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sim.assets.variants import DAMAGES, POSTURES, WEAR, Tint, Variant
from sim.errors import ScenarioError
from sim.render.mesh import Light, Role, Semantic

if TYPE_CHECKING:
    from sim.assets.own_recipe import Recipe

Vec3 = tuple[float, float, float]
SEATS = 5
"""Most seats of a model: a batch makes room for the parts of its model with most."""


class Category(IntEnum):
    """OpenSCENARIO's categories of vehicles, pedestrians and miscellaneous objects."""

    NONE = 0
    CAR = 1
    VAN = 2
    TRUCK = 3
    TRAILER = 4
    SEMITRAILER = 5
    BUS = 6
    MOTORBIKE = 7
    BICYCLE = 8
    TRAIN = 9
    TRAM = 10
    PEDESTRIAN = 11
    WHEELCHAIR = 12
    ANIMAL = 13
    OBSTACLE = 14
    BARRIER = 15
    BUILDING = 16
    CROSSWALK = 17
    GANTRY = 18
    PARKINGSPACE = 19
    PATCH = 20
    POLE = 21
    RAILING = 22
    ROADMARK = 23
    SOUNDBARRIER = 24
    STREETLAMP = 25
    TRAFFICISLAND = 26
    TREE = 27
    VEGETATION = 28


@dataclass(frozen=True)
class Door:
    """A part that turns about a vertical hinge."""

    part: str
    """Name of the part: 'door_left' or 'door_right'."""
    hinge: Vec3
    """A point of the axis, in the actor's frame [m]."""
    max_angle: float
    """Wide open [rad]."""


@dataclass(frozen=True)
class AssetSpec:
    """One asset.

    The actor's frame is ISO 8855 with the origin at OpenSCENARIO's reference point: the centre of the rear axle projected
    on the ground for vehicles, the centre of the footprint on the ground for everything else.
    """

    name: str
    file: Path
    mesh: Path
    kinds: tuple[str, ...]
    """What scenario files may call it: 'car', 'suv' ..."""
    category: Category
    semantic: Semantic
    length: float
    """Of the tight box around the mesh [m]; of the standing pose for those who walk."""
    width: float
    height: float
    box_center: Vec3
    """[m]."""
    mass: float
    """[kg]."""
    parameters: str | None = None
    """Of a vehicle: name of its parameter set (`sim.physics.sets`)."""
    wheelbase: float | None = None
    """[m]."""
    track: float | None = None
    """Between the middles of a pair of tyres [m]."""
    wheel_radius: float | None = None
    """[m]."""
    max_steer: float | None = None
    """[rad]."""
    hitch: float | None = None
    """Where it pulls a trailer: ahead of its reference point [m]."""
    coupler: float | None = None
    """Of a trailer, whose reference point is under the middle of its axles: where it is pulled, ahead of it [m]."""
    rider: str | None = None
    """Of a cycle: the asset that rides it, which has the same frame."""
    ridden_height: float | None = None
    """With the rider [m]."""
    stands_for: str | None = None
    """The asset in whose place it may be drawn: it has that one's box, mass and axles, so that only pictures differ."""
    uniform_scale: bool = False
    """Scaled by height alone: people and animals."""
    lights: tuple[Light, ...] = ()
    """Lamps that light the road at night."""
    doors: tuple[Door, ...] = ()
    seats: tuple[Vec3, ...] = ()
    """Where somebody's hips are [m], the driver's first; at most `SEATS`."""
    credits: tuple[str, ...] = ()
    variant: Variant | None = None
    """How it differs from the asset whose mesh it shares; None: the mesh is its own."""
    variants: tuple[AssetSpec, ...] = ()
    """Assets that share its mesh."""
    recipe: Recipe | None = None
    """Of an asset that a user brings (`sim.assets.own`); None: it is one of the project's."""

    @property
    def size(self) -> Vec3:
        """Length, width, height [m]."""
        return self.length, self.width, self.height


class _Reader:
    """Takes checked values out of a mapping; what is left over is an error."""

    def __init__(self, data: Any, file: Path, path: str = "") -> None:
        self.file, self.path = file, path
        if not isinstance(data, Mapping):
            self.fail("", "this is no mapping", "Write `key: value` lines.")
        self.data = dict(data)

    def fail(self, key: str, message: str, hint: str = "") -> NoReturn:
        path = ".".join(p for p in (self.path, key) if p)
        raise ScenarioError(message, file=self.file, path=path or None, hint=hint or None)

    def take(self, key: str, convert: Callable[[Any], Any], wanted: str, **default: Any) -> Any:
        if key not in self.data:
            if "default" in default:
                return default["default"]
            self.fail(key, "this key is missing", f"It holds {wanted}.")
        value = self.data.pop(key)
        try:
            return convert(value)
        except (TypeError, ValueError, KeyError):
            self.fail(key, f"{value!r} is not {wanted}")

    def finish(self) -> None:
        if self.data:
            self.fail(str(next(iter(self.data))), "unknown key", "Keys are those of sim.assets.spec.AssetSpec.")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _positive(value: Any) -> float:
    if _number(value) <= 0.0:
        raise ValueError(value)
    return float(value)


def _vector(value: Any) -> Vec3:
    x, y, z = (_number(v) for v in value)
    return x, y, z


def _pair(value: Any) -> tuple[float, float]:
    u, v = (_number(x) for x in value)
    return u, v


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(value)
    return tuple(_text(v) for v in value)


def _seats(value: Any) -> tuple[Vec3, ...]:
    if len(value) > SEATS:
        raise ValueError(value)
    return tuple(_vector(v) for v in value)


def _light(data: Any, file: Path, path: str) -> Light:
    r = _Reader(data, file, path)
    direction = r.take("direction", _vector, "a direction [x, y, z]")
    norm = math.sqrt(sum(v * v for v in direction))
    if norm < 1e-6:
        r.fail("direction", "the direction has no length")
    light = Light(
        pos=r.take("pos", _vector, "a position [x, y, z] in metres"),
        direction=(direction[0] / norm, direction[1] / norm, direction[2] / norm),
        intensity=r.take("intensity", _vector, "a linear colour [r, g, b]"),
        cos_inner=math.cos(r.take("inner", _number, "an angle in radians")),
        cos_outer=math.cos(r.take("outer", _number, "an angle in radians")),
        role=r.take("role", lambda v: Role[_text(v).upper()], "a role such as head_lamp"),
    )
    r.finish()
    return light


def _door(data: Any, file: Path, path: str) -> Door:
    r = _Reader(data, file, path)
    door = Door(
        part=r.take("part", _text, "the name of a part"),
        hinge=r.take("hinge", _vector, "a position [x, y, z] in metres"),
        max_angle=r.take("max_angle", _positive, "an angle in radians"),
    )
    r.finish()
    return door


def _load(path: Path) -> Any:
    """Data of a YAML file."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=False).load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ScenarioError(f"no valid YAML: {error.problem}", file=path, line=line) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(f"no valid YAML: {error}", file=path) from None


def _one_of(known: tuple[str, ...]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in known:
            raise ValueError(value)
        return value

    return convert


def _tint(data: Any, file: Path, path: str) -> Tint:
    r = _Reader(data, file, path)
    left, top, right, bottom = r.take("rect", lambda v: [_number(x) for x in v], "four shares", default=[0, 0, 1, 1])
    tint = Tint(
        look=r.take("look", _text, "a regular expression"),
        hue=r.take("hue", _number, "degrees", default=0.0),
        saturation=r.take("saturation", _number, "a factor", default=1.0),
        value=r.take("value", _number, "a factor", default=1.0),
        rect=(left, top, right, bottom),
        over=r.take("over", _number, "a share", default=0.0),
        under=r.take("under", _number, "a share", default=0.0),
        tone=r.take("tone", _vector, "three factors", default=(1.0, 1.0, 1.0)),
    )
    r.finish()
    return tint


def _variant(data: Any, of: AssetSpec, path: str) -> AssetSpec:
    """An asset that shares the mesh of another: what it does not say is as there, sizes grow with its height."""
    r = _Reader(data, of.file, path)
    height = r.take("height", _positive, "metres", default=of.height)
    k = height / of.height
    tints = r.take("tints", list, "a list of colour changes", default=[])
    variant = Variant(
        of=of,
        tints=tuple(_tint(item, of.file, f"{path}.tints[{i}]") for i, item in enumerate(tints)),
        wear=r.take("wear", lambda v: tuple(_one_of(WEAR)(x) for x in v), f"a list of {', '.join(WEAR)}", default=()),
        girth=r.take("girth", _positive, "a factor", default=1.0),
        posture=r.take("posture", _one_of(POSTURES), "phone or sitting", default=""),
        damage=r.take("damage", _one_of(DAMAGES), "dented, burnt or overturned", default=""),
        cell=r.take("cell", _pair, "two shares", default=(0.0, 0.0)),
        scale=k,
    )
    size = r.take("size", _vector, "[length, width, height] in metres", default=tuple(k * v for v in of.size))
    spec = replace(
        of,
        name=r.take("name", _text, "a name"),
        kinds=r.take("kinds", _texts, "a list of kinds", default=of.kinds),
        length=size[0],
        width=size[1],
        height=size[2],
        box_center=r.take("box_center", _vector, "a position", default=tuple(k * v for v in of.box_center)),
        mass=r.take("mass", _positive, "a mass in kg", default=of.mass * k**3),
        stands_for=r.take("stands_for", _text, "the name of an asset", default=None),
        parameters=None if variant.damage == "overturned" else of.parameters,
        hitch=None if variant.damage else of.hitch,
        lights=() if variant.damage else of.lights,
        doors=() if variant.damage else of.doors,
        seats=() if variant.damage else of.seats,
        variant=variant,
    )
    r.finish()
    return spec


def read_spec(path: Path) -> AssetSpec:
    """Read and check one spec, with its variants.

    Raises:
        ScenarioError: if a key is missing, unknown or of the wrong kind, or the mesh is not there.
    """
    r = _Reader(_load(path), path)
    length, width, height = r.take(
        "size", lambda v: tuple(_positive(x) for x in _vector(v)), "[length, width, height] in metres"
    )
    lights = r.take("lights", list, "a list of lamps", default=[])
    doors = r.take("doors", list, "a list of doors", default=[])
    variants = r.take("variants", list, "a list of variants", default=[])
    spec = AssetSpec(
        name=r.take("name", _text, "a name"),
        file=path,
        mesh=path.parent / r.take("mesh", _text, "a file name"),
        kinds=r.take("kinds", _texts, "a list of kinds"),
        category=r.take("category", lambda v: Category[_text(v).upper()], "an OpenSCENARIO category"),
        semantic=r.take("semantic", lambda v: Semantic[_text(v).upper()], "a semantic class"),
        length=length,
        width=width,
        height=height,
        box_center=r.take("box_center", _vector, "a position [x, y, z] in metres"),
        mass=r.take("mass", _positive, "a mass in kg"),
        parameters=r.take("parameters", _text, "the name of a parameter set", default=None),
        wheelbase=r.take("wheelbase", _positive, "metres", default=None),
        track=r.take("track", _positive, "metres", default=None),
        wheel_radius=r.take("wheel_radius", _positive, "metres", default=None),
        max_steer=r.take("max_steer", _positive, "radians", default=None),
        hitch=r.take("hitch", _number, "metres", default=None),
        coupler=r.take("coupler", _positive, "metres", default=None),
        rider=r.take("rider", _text, "the name of an asset", default=None),
        ridden_height=r.take("ridden_height", _positive, "metres", default=None),
        stands_for=r.take("stands_for", _text, "the name of an asset", default=None),
        uniform_scale=r.take("uniform_scale", _flag, "true or false", default=False),
        lights=tuple(_light(item, path, f"lights[{i}]") for i, item in enumerate(lights)),
        doors=tuple(_door(item, path, f"doors[{i}]") for i, item in enumerate(doors)),
        seats=r.take("seats", _seats, f"at most {SEATS} positions [x, y, z] in metres", default=()),
        credits=r.take("credits", _texts, "a list of credits"),
    )
    r.finish()
    if spec.name != path.stem:
        r.fail("name", f"{spec.name!r} is not the file's name", f"Call it {path.stem!r}.")
    if not spec.mesh.is_file():
        r.fail("mesh", f"there is no file {spec.mesh.name!r}", "Run assets/scripts/build.py.")
    return replace(spec, variants=tuple(_variant(item, spec, f"variants[{i}]") for i, item in enumerate(variants)))
