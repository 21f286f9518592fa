"""Everything that can stand on a road: specs (light to read), and on demand the meshes, wheels, doors and gaits.

A spec is `assets/<family>/<name>.yaml`; the mesh beside it is a .glb. Both are made by `assets/scripts`, with sources and licences in
`assets/MANIFEST.yaml`. Users bring further ones (`own`, `gltf`): `sim.scenario.own_assets` reads their specs and adds them here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sim.assets.spec import AssetSpec, Category, Door, read_spec
from sim.errors import ScenarioError
from sim.paths import data_root

if TYPE_CHECKING:
    from sim.assets.model import Asset

__all__ = [
    "AssetSpec",
    "Category",
    "Door",
    "add_asset",
    "asset_index",
    "find_asset",
    "kinds",
    "list_assets",
    "load_asset",
]

GENERAL = {
    "pedestrian": ("man", "woman"),
    "adult": ("man", "woman"),
    "truck": ("lorry",),
    "cyclist": ("bicycle",),
    "motorbike": ("motorcycle", "scooter"),
    "animal": ("dog", "deer"),
    "vehicle": ("car",),
}
"""Kinds that stand for others."""


_own: dict[str, AssetSpec] = {}
"""Assets that users brought, in order of their coming."""


@lru_cache(maxsize=1)
def _shipped() -> dict[str, AssetSpec]:
    """Specs of the project's assets by name, in order of names."""
    read = [read_spec(path) for path in data_root("assets").glob("*/*.yaml")]
    specs = [one for spec in read for one in (spec, *spec.variants)]
    out: dict[str, AssetSpec] = {}
    for spec in sorted(specs, key=lambda s: s.name):
        if spec.name in out:
            raise ScenarioError(
                f"the asset {spec.name!r} is there twice", file=spec.file, hint=f"See {out[spec.name].file}"
            )
        out[spec.name] = spec
    return out


@lru_cache(maxsize=1)
def list_assets() -> dict[str, AssetSpec]:
    """Specs of all assets by name: the project's in order of names, then those that users brought."""
    return {**_shipped(), **_own}


def add_asset(spec: AssetSpec) -> None:
    """Make an asset of a user's known to all that follows; one read anew takes the place of what it was.

    Rows of others do not change, nor what kinds of the project's draw: a kind belongs to one folder.

    Raises:
        ScenarioError: if its name or a kind of it is taken.
    """
    known = _own.get(spec.name)
    if known is not None and known.recipe == spec.recipe:
        return
    taken = spec.name in _shipped() or (known is not None and known.mesh != spec.mesh)
    if taken:
        where = "the project's own assets" if known is None else str(known.file)
        raise ScenarioError(
            f"the name {spec.name!r} is taken", file=spec.file, hint=f"It is in {where}; choose another."
        )
    for kind in spec.kinds:
        others = [list_assets()[name] for name in kinds().get(kind, ())]
        if any(o.recipe is None or o.file.parent != spec.file.parent for o in others):
            where = others[0].file.parent.name
            hint = f"Assets in {where} have it; choose another, and draw of both by kind: choice({kind} | ...)."
            raise ScenarioError(f"the kind {kind!r} is taken", file=spec.file, path="kinds", hint=hint)
    _own[spec.name] = spec
    for cached in (list_assets, _rows, kinds, _looks):
        cached.cache_clear()


@lru_cache(maxsize=1)
def _rows() -> dict[str, int]:
    return {name: row for row, name in enumerate(list_assets())}


def asset_index(name: str) -> int:
    """Row of an asset in `list_assets`: the number that ``Scene.asset`` holds."""
    if name not in _rows():
        raise ScenarioError(f"there is no asset {name!r}", hint=f"Assets: {', '.join(_rows())}")
    return _rows()[name]


@lru_cache(maxsize=1)
def kinds() -> dict[str, tuple[str, ...]]:
    """Names of the assets that can serve each kind, in order of names."""
    out: dict[str, list[str]] = {}
    for spec in list_assets().values():
        for kind in spec.kinds:
            out.setdefault(kind, []).append(spec.name)
    for kind, others in GENERAL.items():
        found = [name for other in others for name in out.get(other, [])]
        out[kind] = sorted({*out.get(kind, []), *found})
    return {kind: tuple(sorted(names)) for kind, names in out.items() if names}


@lru_cache(maxsize=1)
def _looks() -> dict[str, tuple[str, ...]]:
    """Names of the assets that stand for each, itself first, in order of names."""
    out: dict[str, list[str]] = {}
    for spec in list_assets().values():
        if spec.stands_for is not None:
            out.setdefault(spec.stands_for, [spec.stands_for]).append(spec.name)
    return {name: tuple(names) for name, names in out.items()}


def find_asset(kind: str, seed: int, *, any_class: bool = False) -> str:
    """Name of an asset of a kind, or of one that stands for it.

    Args:
        kind: 'car', 'van', 'child', 'deer' ...
        seed: Picks among the assets of the kind: ``seed`` modulo their number; what is left picks among those that stand for it, so
            that more of these change pictures alone.
        any_class: Whether what is labelled as something else may stand for it, as a small van for a car.
    """
    if kind not in kinds():
        raise ScenarioError(f"there is no asset of kind {kind!r}", hint=f"Kinds: {', '.join(sorted(kinds()))}")
    names = kinds()[kind]
    left, row = divmod(seed, len(names))
    specs, name = list_assets(), names[row]
    looks = [n for n in _looks().get(name, (name,)) if any_class or specs[n].semantic == specs[name].semantic]
    return looks[left % len(looks)]


def load_asset(name: str) -> Asset:
    """Meshes of an asset; read once, then shared."""
    from sim.assets.model import load

    asset_index(name)
    return load(list_assets()[name])
