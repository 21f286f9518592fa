"""Everything that can stand on a road: specs (light to read), and on demand the meshes, wheels, doors and gaits.

A spec is `assets/<family>/<name>.yaml`; the mesh beside it is a .glb. Both are made by `assets/scripts`, with sources and licences in
`assets/MANIFEST.yaml`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sim.assets.spec import AssetSpec, Category, Door, read_spec
from sim.errors import ScenarioError
from sim.paths import data_root

if TYPE_CHECKING:
    from sim.assets.model import Asset

__all__ = ["AssetSpec", "Category", "Door", "asset_index", "find_asset", "kinds", "list_assets", "load_asset"]

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


@lru_cache(maxsize=1)
def list_assets() -> dict[str, AssetSpec]:
    """Specs of all assets by name, in order of names."""
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
    return {kind: tuple(names) for kind, names in out.items() if names}


def find_asset(kind: str, seed: int) -> str:
    """Name of an asset of a kind.

    Args:
        kind: 'car', 'van', 'child', 'deer' ...
        seed: Picks among the assets of the kind: ``seed`` modulo their number.
    """
    if kind not in kinds():
        raise ScenarioError(f"there is no asset of kind {kind!r}", hint=f"Kinds: {', '.join(sorted(kinds()))}")
    names = kinds()[kind]
    return names[seed % len(names)]


def load_asset(name: str) -> Asset:
    """Meshes of an asset; read once, then shared."""
    from sim.assets.model import load

    asset_index(name)
    return load(list_assets()[name])
