"""Own assets: a folder of `NAME.glb` and `NAME.yaml` becomes kinds of actors. `docs/own_assets.md` is for those who write specs."""

# pyright: reportInvalidTypeForm=false
# Types made by calls (_one_of(...)) are what pydantic reads.

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from sim.assets import AssetSpec, add_asset, list_assets
from sim.assets.gltf import MAX_BYTES
from sim.assets.own import own_asset
from sim.assets.own_recipe import CLASSES, FORWARD, LAMPS, PARAMETERS, SEATED, Recipe
from sim.assets.spec import SEATS, Vec3
from sim.errors import ScenarioError
from sim.scenario.checks import is_kind, quantities, schema_error, words_of
from sim.scenario.distributions import Node, Number
from sim.scenario.fields import (
    Length,
    ListOrOne,
    Mass,
    Name,
    PositiveLength,
    Quantity,
    Strict,
    WheelAngle,
    fault,
    suggest,
)
from sim.scenario.schema import ScenarioFile
from sim.scenario.source import Source, read_source

FOLDERS = "SWERVE_ASSETS"
"""Environment variable: folders that all scenario files may draw from, separated as in PATH."""
MAX_SPECS = 64
"""In a folder."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = {*PARAMETERS, "person", "thing", "trailer", "semitrailer"}
"""Names of parameter sets: a kind called so would choose one."""
SUFFIXES = (".yaml", ".yml")

Patterns = Annotated[list[Name], ListOrOne]


def _one_of(what: str, *words: str) -> Any:
    """Field type: one of some words, and no draw of them."""

    def read(value: Any) -> str:
        if value not in words:
            raise fault(f"unknown {what} {value!r}", suggest(str(value), words))
        return value

    return Annotated[str, BeforeValidator(read)]


class Lamps(Strict):
    """Materials that are lamps."""

    head: Patterns = Field(default_factory=list)
    brake: Patterns = Field(default_factory=list)
    tail: Patterns = Field(default_factory=list)
    reverse: Patterns = Field(default_factory=list)
    indicator: Patterns = Field(default_factory=list)
    beacon: Patterns = Field(default_factory=list)
    amber_beacon: Patterns = Field(default_factory=list)


class OwnSpec(Strict):
    """The spec of an own asset."""

    kind: _one_of("class", *CLASSES) = Field(alias="class")
    credits: Patterns
    kinds: Patterns = Field(default_factory=list)
    length: PositiveLength | None = None
    width: PositiveLength | None = None
    height: PositiveLength | None = None
    forward: _one_of("direction", *FORWARD) = "+z"
    paint: Patterns = Field(default_factory=list)
    glass: Patterns = Field(default_factory=list)
    lamps: Lamps = Lamps()
    wheels: Patterns = Field(default_factory=list)
    mass: Mass | None = None
    parameters: _one_of("parameter set", *PARAMETERS) | None = None
    max_steer: WheelAngle | None = None
    seats: list[list[Length]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _is_whole(self) -> OwnSpec:
        if sum(v is not None for v in (self.length, self.width, self.height)) > 1:
            raise fault("give length, width or height, not several", "The mesh is scaled evenly.")
        rolls = CLASSES[self.kind].wheels
        for key in ("wheels", "parameters", "max_steer"):
            if not rolls and getattr(self, key):
                raise fault(f"a {self.kind} has no {key}", "Only vehicles have.", (key,))
        if self.seats and self.kind not in SEATED:
            raise fault(f"nobody sits in a {self.kind}", f"These have seats: {', '.join(SEATED)}.", ("seats",))
        if len(self.seats) > SEATS or any(len(seat) != 3 for seat in self.seats):
            hint = f"Write where hips are, such as [[1.3 m, 0.4 m, 0.6 m]]: ahead, left and up; at most {SEATS}."
            raise fault("these are no seats", hint, ("seats",))
        for kind in self.kinds:
            if not NAME.fullmatch(kind) or kind in RESERVED:
                raise fault(
                    f"{kind!r} is no name of a kind",
                    "Write small letters, digits and _; names of parameter sets are taken.",
                    ("kinds",),
                )
        if len(self.kinds) > 8:
            raise fault("an asset serves at most 8 kinds", "", ("kinds",))
        return self


def own_assets(source: Source) -> dict[str, AssetSpec]:
    """Assets of the folders that a scenario file names under ``assets``, and of those in `FOLDERS`, by name.

    Raises:
        ScenarioError: if a folder is not there or an asset in it cannot be used.
    """
    out: dict[str, AssetSpec] = {}
    for folder in own_folders(source):
        out |= {spec.name: spec for spec in read_folder(folder)}
    return out


def own_folders(source: Source) -> list[Path]:
    """Folders that a scenario file names under ``assets``, then those in `FOLDERS`.

    Raises:
        ScenarioError: if one is not there.
    """
    named = source.data.get("assets", [])
    named = named if isinstance(named, list) else [named]
    folders = [_folder(source, text, i) for i, text in enumerate(named) if isinstance(text, str)]
    for text in filter(None, os.environ.get(FOLDERS, "").split(os.pathsep)):
        if not Path(text).is_dir():
            raise ScenarioError(f"{FOLDERS} names a folder that is not there: {text}")
        folders.append(Path(text).resolve())
    return list(dict.fromkeys(folders))


def _folder(source: Source, text: str, index: int) -> Path:
    """A folder that a scenario file names: in its own folder or below."""
    home = source.file.resolve().parent
    path = (home / text).resolve()
    at = ("assets", index) if isinstance(source.data["assets"], list) else ("assets",)
    if Path(text).is_absolute() or not path.is_relative_to(home):
        hint = f"Keep assets beside the file, or name a shared folder in the environment variable {FOLDERS}."
        raise source.error(f"asset folder {text!r} lies outside the scenario's folder", at, hint)
    if not path.is_dir():
        raise source.error(f"there is no asset folder {text!r}", at, f"Looked in {home}.")
    return path


def read_folder(folder: Path) -> list[AssetSpec]:
    """Read and add all assets of a folder.

    Raises:
        ScenarioError: at the first that cannot be used.
    """
    specs = sorted(p for p in folder.iterdir() if p.suffix in SUFFIXES and p.is_file())
    for mesh in sorted(folder.glob("*.glb")):
        if not any(mesh.with_suffix(suffix) in specs for suffix in SUFFIXES):
            hint = f"Write {mesh.stem}.yaml beside it, with class: car, length: 4.2 m and credits."
            raise ScenarioError("this mesh has no spec", file=mesh, hint=hint)
    if not specs and any(folder.glob("*.hdr")):
        return []  # only skies (`sim.scenario.skies`)
    if not 1 <= len(specs) <= MAX_SPECS:
        hint = f"An asset is NAME.glb and NAME.yaml; a folder holds 1 to {MAX_SPECS}."
        raise ScenarioError(f"the folder holds {len(specs)} specs of assets", file=folder, hint=hint)
    out = []
    for path in specs:
        for file in (path, path.with_suffix(".glb")):
            if not file.resolve().is_relative_to(folder.resolve()):
                raise ScenarioError(
                    "this is a link that leaves its folder", file=file, hint="Put the file itself there."
                )
        recipe = _recipe(path, _stamp(path), _stamp(path.with_suffix(".glb")))
        out.append(own_asset(recipe))
        add_asset(out[-1])
    return out


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file.

    Raises:
        ScenarioError: if it is not there.
    """
    try:
        stat = path.stat()
    except OSError:
        raise ScenarioError(f"there is no file {path.name} beside its spec", file=path.with_suffix(".yaml")) from None
    return stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=256)
def _recipe(path: Path, spec_stamp: tuple[int, int], mesh_stamp: tuple[int, int]) -> Recipe:
    """The recipe that a spec holds; read anew when it or its mesh has changed."""
    if not NAME.fullmatch(path.stem) or path.stem in RESERVED:
        hint = "Call spec and mesh by small letters, digits and _, such as delivery_robot."
        raise ScenarioError(f"{path.stem!r} is no name of an asset", file=path, hint=hint)
    mesh = path.with_suffix(".glb")
    if mesh_stamp[0] > MAX_BYTES:
        raise ScenarioError(f"{mesh_stamp[0] >> 20} MiB are too many for an asset", file=mesh)
    source = read_source(path)
    try:
        spec = OwnSpec.model_validate(source.data)
    except ValidationError as error:
        raise schema_error(error, source) from None
    lamps = tuple((key, tuple(getattr(spec.lamps, key))) for key in LAMPS if getattr(spec.lamps, key))
    return Recipe(
        path, mesh, hashlib.sha256(path.read_bytes() + mesh.read_bytes()).hexdigest(), spec.kind,
        length=_value(spec.length, source, "length"), width=_value(spec.width, source, "width"),
        height=_value(spec.height, source, "height"), forward=spec.forward,
        paint=tuple(spec.paint), glass=tuple(spec.glass), lamps=lamps, wheels=tuple(spec.wheels),
        mass=_value(spec.mass, source, "mass"), parameters=spec.parameters,
        max_steer=_value(spec.max_steer, source, "max_steer") or 0.6, kinds=tuple(dict.fromkeys(spec.kinds)) or (path.stem,),
        credits=tuple(spec.credits), seats=tuple(_seat(seat, source, i) for i, seat in enumerate(spec.seats)),
    )  # fmt: skip


def _value(quantity: Quantity | None, source: Source, key: str) -> float | None:
    """A plain number: an asset is the same in every world."""
    if quantity is None:
        return None
    if not isinstance(quantity.node, Number) or quantity.node.value <= 0.0:
        raise source.error(f"{quantity.text!r} is no plain value above zero", (key,), "Nothing in a spec is drawn.")
    return quantity.node.value


def _seat(seat: list[Quantity], source: Source, index: int) -> Vec3:
    """A plain position."""
    found = [q.node.value for q in seat if isinstance(q.node, Number)]
    if len(found) != 3:
        raise source.error("a seat has plain values", ("seats", index), "Nothing in a spec is drawn.")
    return found[0], found[1], found[2]


def used_files(model: ScenarioFile, parameters: Mapping[str, Node], own: Mapping[str, AssetSpec]) -> Iterator[Path]:
    """Specs and meshes of the own assets that a scenario may show: its worlds depend on them."""
    words: set[str] = set()
    for path, quantity in quantities(model):
        if is_kind(quantity) or path[-1] == "asset":
            words |= set(words_of(quantity.node, dict(parameters)))
    for name, spec in own.items():
        if words & {name, *spec.kinds}:
            yield from (spec.file, spec.mesh)


def credits_of(names: Iterable[str]) -> dict[str, list[str]]:
    """Credits of the own assets among some assets, by name."""
    known = list_assets()
    return {name: list(known[name].credits) for name in sorted(set(names)) if known[name].recipe is not None}
