"""Container and tables of foreign glTF 2.0 binaries (.glb): nothing in a file is believed before it is checked.

Sizes, counts, offsets and indices are held against what is there before memory is taken for them, so that a hostile file costs no more
than an honest one of the greatest size. What a file names outside itself is refused. `sim.assets.gltf_scene` makes meshes of it.
"""

from __future__ import annotations

import io
import json
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.errors import ScenarioError

MAGIC, JSON_CHUNK, BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942
DTYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
MAX_BYTES = 64 << 20
"""Of a file."""
MAX_JSON = 4 << 20
"""Of its JSON part."""
MAX_VALUES = 512 << 20
"""Bytes of all tables together that are looked at."""
MAX_SIDE = 4096
"""Of an image [pixels]."""
KEPT_SIDE = 1024
"""Larger images are shrunk to this [pixels]."""
MAX_IMAGES = 16
"""Images that materials show."""
FORMATS = ("PNG", "JPEG", "WEBP")
READABLE = {
    "KHR_mesh_quantization", "KHR_texture_transform", "KHR_materials_clearcoat", "KHR_materials_transmission", "KHR_materials_unlit",
    "KHR_materials_emissive_strength", "KHR_materials_ior", "KHR_materials_specular", "EXT_texture_webp",
}  # fmt: skip
"""Extensions that a file may require."""
HINTS = {
    "KHR_draco_mesh_compression": "Export it without mesh compression.",
    "EXT_meshopt_compression": "Export it without mesh compression.",
    "KHR_texture_basisu": "Export its images as PNG or JPEG.",
}


class Gltf:
    """A .glb whose tables can be asked for values; every fault is a `ScenarioError` with the file's name.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrays: dict[int, npt.NDArray[Any]] = {}
        self._images: dict[int, npt.NDArray[np.uint8]] = {}
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._taken = 0
        self.json, self._bin = self._chunks()
        self._check_head()

    def error(self, message: str, hint: str = "") -> ScenarioError:
        """A fault of this file."""
        return ScenarioError(message, file=self.path, hint=hint or None)

    def _chunks(self) -> tuple[dict[str, Any], bytes]:
        """The JSON and the binary part."""
        try:
            size = self.path.stat().st_size
            if size > MAX_BYTES:
                raise self.error(f"{size >> 20} MiB are too many for an asset", f"At most {MAX_BYTES >> 20} MiB.")
            data = self.path.read_bytes()
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror}") from None
        if data[:4] != b"glTF":
            kind = "a .gltf text file" if data.lstrip()[:1] == b"{" else "no glTF file"
            raise self.error(f"this is {kind}", "Export it as glTF 2.0 binary (.glb) with everything embedded.")
        if len(data) < 20:
            raise self.error("the file is cut off")
        _, version, length, size, kind = struct.unpack_from("<IIIII", data)
        if version != 2:
            raise self.error(f"glTF of version {version}", "Export it as glTF 2.0.")
        if length > len(data) or 20 + size > len(data):
            raise self.error(f"the file is cut off: it has {len(data)} bytes and says {max(length, 20 + size)}")
        if kind != JSON_CHUNK or size > MAX_JSON:
            raise self.error(f"its first part is no JSON of at most {MAX_JSON >> 20} MiB")
        try:
            text = json.loads(data[20 : 20 + size].decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise self.error("its JSON part cannot be read") from None
        if not isinstance(text, dict):
            raise self.error("its JSON part is no object")
        at = 20 + size
        if at + 8 > len(data):
            return text, b""
        size, kind = struct.unpack_from("<II", data, at)
        if kind != BIN_CHUNK:
            return text, b""
        if at + 8 + size > len(data):
            raise self.error("the file is cut off in its binary part")
        return text, data[at + 8 : at + 8 + size]

    def _check_head(self) -> None:
        """Nothing outside the file, no required extension that is not known."""
        for table in ("buffers", "images"):
            for row, entry in enumerate(self.rows(table)):
                if "uri" in entry:
                    raise self.error(f"{table}[{row}] lies outside the file", "Export it with everything embedded.")
        required = self.json.get("extensionsRequired", [])
        for name in required if isinstance(required, list) else [required]:
            if name not in READABLE:
                hint = HINTS.get(str(name), f"Known: {', '.join(sorted(READABLE))}.")
                raise self.error(f"it needs the extension {str(name)[:60]!r}, which is not read", hint)

    # --- values of the JSON part -------------------------------------------------------------------------------------

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table of objects, empty if there is none."""
        if table not in self._rows:
            found = self.json.get(table, [])
            if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
                raise self.error(f"{table!r} is no list of objects")
            self._rows[table] = found
        return self._rows[table]

    def row(self, table: str, index: Any) -> dict[str, Any]:
        """A row of a table."""
        rows = self.rows(table)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(rows):
            raise self.error(f"there is no {table}[{str(index)[:20]}]: the file has {len(rows)}")
        return rows[index]

    def whole(self, entry: dict[str, Any], key: str, default: int | None, most: int) -> int:
        """A whole number from 0 to ``most``."""
        value = entry.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.error(f"{key} {str(value)[:20]!r} is no whole number from 0 to {most}")
        return value

    def numbers(self, entry: dict[str, Any], key: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """As many finite numbers as the default has; a plain number stands for one."""
        value = entry.get(key, default)
        value = value if isinstance(value, (list, tuple)) else [value]
        good = all(isinstance(v, (int, float)) and not isinstance(v, bool) and abs(v) < 1e30 for v in value)
        if not good or len(value) != len(default):
            raise self.error(f"{key} is not {len(default)} finite numbers")
        return tuple(float(v) for v in value)

    def part(self, entry: dict[str, Any], *keys: str) -> dict[str, Any]:
        """An object within an object, empty if it is not there."""
        for key in keys:
            entry = entry.get(key, {})
            if not isinstance(entry, dict):
                raise self.error(f"{key!r} is no object")
        return entry

    def name(self, entry: dict[str, Any]) -> str:
        """What an object is called, '' for nothing."""
        value = entry.get("name", "")
        return value[:200] if isinstance(value, str) else ""

    # --- the binary part ---------------------------------------------------------------------------------------------

    def view(self, index: Any) -> tuple[memoryview, int]:
        """Bytes of a buffer view, and its stride (0: none)."""
        view = self.row("bufferViews", index)
        if self.whole(view, "buffer", None, len(self.rows("buffers"))) != 0:
            raise self.error(f"bufferViews[{index}] is not in the file's own buffer")
        start = self.whole(view, "byteOffset", 0, len(self._bin))
        size = self.whole(view, "byteLength", None, len(self._bin) - start)
        return memoryview(self._bin)[start : start + size], self.whole(view, "byteStride", 0, 252)

    def accessor(self, index: Any, width: int, what: str) -> npt.NDArray[Any]:
        """Values of an accessor, (count, width): normalised integers as floats, others as they are."""
        entry = self.row("accessors", index)
        if index in self._arrays and self._arrays[index].shape[1] == width:
            return self._arrays[index]
        if WIDTHS.get(str(entry.get("type"))) != width or entry.get("componentType") not in DTYPES:
            raise self.error(f"{what} (accessors[{index}]) has the wrong type")
        if "sparse" in entry or "bufferView" not in entry:
            raise self.error(f"{what} (accessors[{index}]) is sparse, which is not read", "Export it without.")
        dtype = np.dtype(DTYPES[entry["componentType"]])
        raw, stride = self.view(entry["bufferView"])
        size = dtype.itemsize * width
        stride = stride or size
        count, offset = self.whole(entry, "count", None, len(raw)), self.whole(entry, "byteOffset", 0, len(raw))
        if count == 0 or stride < size or offset + stride * (count - 1) + size > len(raw):
            raise self.error(f"{what} (accessors[{index}]) reaches beyond its {len(raw)} bytes")
        self._taken += count * size
        if self._taken > MAX_VALUES:
            raise self.error(f"its tables hold more than {MAX_VALUES >> 20} MiB together")
        rows = np.ndarray((count, size), np.uint8, raw, offset, (stride, 1))
        values = np.ascontiguousarray(rows).view(dtype)
        if entry.get("normalized") is True and dtype.kind in "iu":
            values = np.maximum(values.astype(np.float32) / np.iinfo(dtype).max, -1.0)
        self._arrays[index] = values
        return values

    def image(self, index: Any) -> npt.NDArray[np.uint8]:
        """An image, sRGB with alpha, (height, width, 4), shrunk to `KEPT_SIDE`."""
        from PIL import Image

        entry = self.row("images", index)
        if index in self._images:
            return self._images[index]
        if len(self._images) >= MAX_IMAGES:
            raise self.error(f"its materials show more than {MAX_IMAGES} images")
        raw, _ = self.view(entry.get("bufferView"))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of sizes: those are checked here
                picture = Image.open(io.BytesIO(raw), formats=FORMATS)
                if max(picture.size) > MAX_SIDE:
                    size = f"{picture.width} x {picture.height}"
                    raise self.error(f"images[{index}] has {size} pixels", f"Shrink it to {MAX_SIDE} or less.")
                scale = min(1.0, KEPT_SIDE / max(picture.size))
                small = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
                picture = picture.convert("RGBA")
                self._images[index] = np.array(picture if scale == 1.0 else picture.resize(small), np.uint8)
        except ScenarioError:
            raise
        except Exception:  # whatever a decoder makes of a damaged image
            raise self.error(f"images[{index}] is no readable {', '.join(FORMATS)} image") from None
        return self._images[index]


def _refuse(word: str) -> float:
    raise ValueError(word)
