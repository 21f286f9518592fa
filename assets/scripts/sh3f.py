"""Reads models of Debian's `sweethome3d-furniture` (OBJ inside .sh3f archives) into the actor frame."""

from __future__ import annotations

import io
import os
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

FOLDER = Path(os.environ.get("SWERVE_SH3F", "/usr/share/sweethome3d/furniture"))
"""Where Debian's package puts its libraries."""

LIBRARIES = {
    "scopia": ("Scopia.sh3f", "CC-BY-3.0"),
    "blendswap-cc-by": ("BlendSwap-CC-BY.sh3f", "CC-BY-3.0"),
    "blendswap-cc-0": ("BlendSwap-CC-0.sh3f", "CC0-1.0"),
    "katorlegaz": ("KatorLegaz.sh3f", "CC-BY-3.0-US"),
    "reallusion": ("Reallusion.sh3f", "CC-BY-3.0-US"),
}
"""Archive and licence (of the package's copyright file) by folder."""


@dataclass
class Look:
    """A material of an .mtl file, colours as written there (sRGB)."""

    name: str
    diffuse: tuple[float, float, float] = (0.7, 0.7, 0.7)
    texture: npt.NDArray[np.uint8] | None = None
    """sRGB (height, width, 4)."""


@dataclass
class Soup:
    """A model as loose triangles, so that faces can be picked, moved and dropped freely."""

    corners: npt.NDArray[np.float64]
    """Positions [m], (ntriangle, 3, 3), x forward, y left, z up, ground centre at the origin."""
    uvs: npt.NDArray[np.float64]
    """Texture coordinates, v from the top, (ntriangle, 3, 2)."""
    look: npt.NDArray[np.int32]
    """Row of ``looks``, (ntriangle,)."""
    group: npt.NDArray[np.int32]
    """Row of ``groups``, (ntriangle,)."""
    looks: list[Look]
    groups: list[str]
    credit: dict[str, str] = field(default_factory=dict)
    """Package, file, creator and licence of the source."""

    def __len__(self) -> int:
        return len(self.corners)

    def pick(self, keep: npt.NDArray[np.bool_] | npt.NDArray[np.integer]) -> Soup:
        """The chosen triangles."""
        return Soup(
            self.corners[keep], self.uvs[keep], self.look[keep], self.group[keep], self.looks, self.groups, self.credit
        )

    def of_look(self, pattern: str) -> npt.NDArray[np.bool_]:
        """Mask of triangles whose material's name matches, (ntriangle,)."""
        rows = [bool(re.search(pattern, look.name, re.IGNORECASE)) for look in self.looks]
        return np.array(rows, bool)[self.look]

    def of_group(self, pattern: str) -> npt.NDArray[np.bool_]:
        """Mask of triangles whose group's name matches, (ntriangle,)."""
        rows = [bool(re.search(pattern, name, re.IGNORECASE)) for name in self.groups]
        return np.array(rows, bool)[self.group]

    @property
    def centers(self) -> npt.NDArray[np.float64]:
        """Centroids [m], (ntriangle, 3)."""
        return self.corners.mean(axis=1)

    @property
    def bounds(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Lower and upper corner [m]."""
        flat = self.corners.reshape(-1, 3)
        return flat.min(axis=0), flat.max(axis=0)


@cache
def _archive(folder: str) -> tuple[zipfile.ZipFile, dict[str, dict[str, str]]]:
    archive = zipfile.ZipFile(FOLDER / LIBRARIES[folder][0])
    entries: dict[str, dict[str, str]] = {}
    for line in archive.read("PluginFurnitureCatalog.properties").decode("latin-1").splitlines():
        match = re.match(r"(\w+)#(\d+)\s*=\s*(.*)", line.strip())
        if match:
            entries.setdefault(match[2], {})[match[1]] = match[3].strip()
    return archive, {posixpath.dirname(e["model"]).strip("/"): e for e in entries.values() if "model" in e}


def _read_looks(archive: zipfile.ZipFile, path: str) -> dict[str, Look]:
    looks: dict[str, Look] = {}
    pictures: dict[str, npt.NDArray[np.uint8]] = {}
    names = {name.lower(): name for name in archive.namelist()}
    if path.lower() not in names:
        return looks
    current = Look("")
    for line in archive.read(names[path.lower()]).decode("latin-1").splitlines():
        words = line.split()
        if not words:
            continue
        key, rest = words[0], words[1:]
        if key == "newmtl":
            current = looks[" ".join(rest)] = Look(" ".join(rest))
        elif key == "Kd":
            current.diffuse = (float(rest[0]), float(rest[1]), float(rest[2]))
        elif key == "map_Kd":
            image = names.get(posixpath.join(posixpath.dirname(path), " ".join(rest)).lower())
            if image and image not in pictures:
                with Image.open(io.BytesIO(archive.read(image))) as picture:
                    pictures[image] = np.asarray(picture.convert("RGBA"))
            current.texture = pictures.get(image or "")
    return looks


def _read_obj(text: str) -> tuple[np.ndarray, np.ndarray, dict[str, list], list[str], list[str], list[str]]:
    """Positions, texture coordinates, per-triangle rows, materials, groups, material libraries."""
    v: list[list[float]] = []
    vt: list[list[float]] = []
    rows: dict[str, list] = {"v": [], "vt": [], "look": [], "group": []}
    looks: list[str] = []
    groups: list[str] = []
    libraries: list[str] = []
    look = group = 0
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            v.append([float(x) for x in words[1:4]])
        elif words[0] == "vt":
            vt.append([float(x) for x in words[1:3]])
        elif words[0] == "mtllib":
            libraries.append(line.strip().split(None, 1)[1])
        elif words[0] in ("usemtl", "g", "o"):
            name = line.strip().split(None, 1)[1] if len(words) > 1 else ""
            table = looks if words[0] == "usemtl" else groups
            if name not in table:
                table.append(name)
            if words[0] == "usemtl":
                look = table.index(name)
            else:
                group = table.index(name)
        elif words[0] == "f":
            corners = [([*word.split("/"), "", ""])[:2] for word in words[1:]]
            index = [int(c[0]) - 1 if int(c[0]) > 0 else len(v) + int(c[0]) for c in corners]
            uv = [(int(c[1]) - 1 if int(c[1]) > 0 else len(vt) + int(c[1])) if c[1] else -1 for c in corners]
            for k in range(1, len(corners) - 1):
                rows["v"].append((index[0], index[k], index[k + 1]))
                rows["vt"].append((uv[0], uv[k], uv[k + 1]))
                rows["look"].append(look)
                rows["group"].append(group)
    return np.array(v), np.array(vt or [[0.0, 0.0]]), rows, looks or [""], groups or [""], libraries


@cache
def load(key: str) -> Soup:
    """A model by folder and id, ``scopia/suv``, at its true size.

    The catalog's sizes scale the bounding box; y up with front +z turns into z up with front +x.
    """
    archive, catalog = _archive(key.split("/")[0])
    entry = catalog[key]
    path = entry["model"].strip("/")
    v, vt, rows, names, groups, libraries = _read_obj(archive.read(path).decode("latin-1"))
    looks: dict[str, Look] = {}
    for library in libraries:
        looks |= _read_looks(archive, posixpath.join(posixpath.dirname(path), library))
    index = np.array(rows["v"])
    if "modelRotation" in entry:
        v = v @ np.array([float(x) for x in entry["modelRotation"].split()]).reshape(3, 3).T
    used = v[np.unique(index)]
    lower, upper = used.min(axis=0), used.max(axis=0)
    size = np.array([float(entry[k]) for k in ("width", "height", "depth")]) / 100.0
    v = (v - (lower + upper) / 2) / np.maximum(upper - lower, 1e-9) * size
    v[:, 1] += size[1] / 2
    corners = v[:, [2, 0, 1]][index]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    uv_rows = np.array(rows["vt"])
    uvs = np.where((uv_rows >= 0)[..., None], vt[np.maximum(uv_rows, 0)], 0.0)
    uvs[..., 1] = 1.0 - uvs[..., 1]
    keep = area > 1e-10
    credit = {
        "package": "Debian sweethome3d-furniture 1.8-1",
        "file": f"{LIBRARIES[key.split('/')[0]][0]}:{path}",
        "creator": entry.get("creator", "unknown"),
        "licence": LIBRARIES[key.split("/")[0]][1],
    }
    return Soup(
        corners[keep],
        uvs[keep],
        np.array(rows["look"], np.int32)[keep],
        np.array(rows["group"], np.int32)[keep],
        [looks.get(name, Look(name)) for name in names],
        groups,
        credit,
    )
