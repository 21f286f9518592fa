"""Samples to files: a sample is a dict whose keys are extensions; equal samples give equal bytes, and files appear whole.

As in webdataset, ``{"__key__": "child-0000/000012", "rgb.png": array, "json": {...}}`` is one sample, and the last part of an
extension chooses the encoder.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

TEMPORARY = ".swerve-tmp-"
"""Names of unfinished files begin with this; whoever resumes removes them."""

Sample = Mapping[str, Any]


def encode_png(image: Any) -> bytes:
    """PNG of (height, width) uint8 or uint16, or (height, width, 3) uint8 RGB."""
    import cv2

    array = np.asarray(image)
    if array.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"a PNG holds uint8 or uint16, not {array.dtype}")
    if array.ndim == 3:
        array = array[..., ::-1]
    ok, data = cv2.imencode(".png", np.ascontiguousarray(array), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not ok:
        raise ValueError(f"cannot encode an image of shape {array.shape}")
    return data.tobytes()


def encode_jpeg(image: Any, quality: int) -> bytes:
    """JPEG of (height, width, 3) uint8 RGB, with colours at half resolution as cameras store them."""
    import cv2

    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        quality,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    ]
    ok, data = cv2.imencode(".jpg", np.ascontiguousarray(np.asarray(image)[..., ::-1]), options)
    if not ok:
        raise ValueError(f"cannot encode an image of shape {np.shape(image)}")
    return data.tobytes()


def encode_npz(arrays: Mapping[str, Any], level: int = 3) -> bytes:
    """Compressed .npz of named arrays, with fixed times in its directory; an array in Fortran's order keeps it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            data = io.BytesIO()
            kept = array if isinstance(array, np.ndarray) and array.flags.f_contiguous else np.ascontiguousarray(array)
            np.lib.format.write_array(data, kept, allow_pickle=False)
            archive.writestr(info, data.getvalue(), compresslevel=level)
    return out.getvalue()


def plain(value: Any) -> Any:
    """Data as JSON knows it: NumPy turned into numbers and lists, numbers that are not finite into None."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return number if math.isfinite(number) else None
    return value


def encode_json(value: Any) -> bytes:
    """Strict JSON, UTF-8, a newline at the end; what `plain` makes of the value."""
    try:
        # Most data are plain but for a few arrays; only where numbers are not finite all of it is gone through.
        text = _dump(value, default=_plain_array)
    except (TypeError, ValueError):
        text = _dump(plain(value))
    return (text + "\n").encode()


def _dump(value: Any, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), **options)


def _plain_array(value: Any) -> Any:
    """What JSON's encoder does not know of what `plain` does."""
    if isinstance(value, (np.ndarray, np.generic, Mapping)):
        return plain(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "png": encode_png,
    "npz": encode_npz,
    "json": encode_json,
    "txt": lambda text: str(text).encode(),
}
"""Encoder by the last part of an extension; bytes are stored as they are."""


def encode(extension: str, value: Any) -> bytes:
    """Bytes of a sample's entry."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    kind = extension.rsplit(".", 1)[-1]
    if kind not in ENCODERS:
        raise ValueError(f"no encoder for {extension!r}: there are {', '.join(ENCODERS)}")
    return ENCODERS[kind](value)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file or nothing."""
    write_chunks(path, (data,))


def write_chunks(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a whole file, piece by piece, or nothing: to a temporary name, onto the disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(root: Path) -> None:
    """Remove what an interrupted writer left behind."""
    for path in root.rglob(f"{TEMPORARY}*"):
        path.unlink(missing_ok=True)


class DirectoryWriter:
    """Samples as files of a folder: the entry ``png`` of key ``a/000001`` in folder ``frames`` is ``frames/a/000001.png``.

    A sample's last entry is written last, so where it stands the whole sample does.

    Args:
        root: The folder.
        folders: Folder of each extension; extensions not named go to the root.
    """

    def __init__(self, root: Path, folders: Mapping[str, str]) -> None:
        self.root = root
        self.folders = dict(folders)

    def path(self, key: str, extension: str) -> Path:
        """Where an entry stands. Only the last part of an extension such as 'rgb.png' is kept if it is alone in its folder."""
        folder = self.folders.get(extension, "")
        shared = sum(f == folder for f in self.folders.values()) > 1
        suffix = extension if shared else extension.rsplit(".", 1)[-1]
        return self.root / folder / f"{key}.{suffix}"

    def write(self, sample: Sample) -> None:
        """Store one sample."""
        key = sample["__key__"]
        for extension, value in sample.items():
            if extension != "__key__":
                write_bytes(self.path(key, extension), encode(extension, value))

    def close(self) -> None:
        """Nothing is held back."""
