"""The folder of a data set: one run at a time writes it, and only a run with the same settings goes on with it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import SwerveError
from sim.export.plan import FORMAT, PlannedDraw
from sim.export.writer import encode_json, remove_unfinished, write_bytes

MANIFEST = "manifest.json"
RUN = ".swerve-run.json"
"""What an unfinished run is writing; gone once the manifest stands."""
LOCK = ".swerve-lock"

IDENTITY = ("version", "format_version", "config", "device", "scenarios")
"""Keys of a manifest, and of the note of an unfinished run, that a message about a difference names."""
MOST_TOLD = 4
"""Differences that a message tells."""


def tracks_path(root: Path, draw: PlannedDraw) -> Path:
    """Where a draw's tracks stand."""
    return root / "tracks" / f"{draw.id}.npz"


def video_path(root: Path, draw: PlannedDraw, count: int) -> Path:
    """Where a draw's video stands: a data set of one draw has but the one of the data set."""
    return root / "video.mp4" if count == 1 else root / "videos" / f"{draw.id}.mp4"


@contextmanager
def open_folder(root: Path, manifest: Mapping[str, Any]) -> Iterator[None]:
    """Take a folder for writing; it is new, empty, or holds what an earlier run with the same settings wrote.

    Args:
        root: The folder, made if it is not there.
        manifest: ``fingerprint`` and the keys of `IDENTITY` of what is about to be written.

    Raises:
        SwerveError: if it holds something else, cannot be written, or another run is at work in it.
    """
    if root.exists() and not root.is_dir():
        raise SwerveError(f"{root}: is a file, not a folder to write a data set to")
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / LOCK).open("a")
    except OSError as error:
        raise SwerveError(f"{root}: cannot write there: {error.strerror}") from None
    with lock:
        if not _lock(lock.fileno()):
            raise SwerveError(f"{root}: another run is writing there; wait for it, or choose another --out")
        try:
            _check_contents(root, manifest)
            remove_unfinished(root)
            if not (root / MANIFEST).is_file() and not (root / RUN).is_file():
                write_bytes(root / RUN, encode_json({"format": FORMAT, **manifest}))
            yield
        finally:
            (root / LOCK).unlink(missing_ok=True)


def finish(root: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, which says that all else stands, and drop the note of the run."""
    write_bytes(root / MANIFEST, encode_json(manifest))
    (root / RUN).unlink(missing_ok=True)


def _lock(descriptor: int) -> bool:
    """Whether this process now holds the file; the system lets go of it when the process ends, however it ends."""
    if os.name == "nt":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_contents(root: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse a folder that holds anything but the data set about to be written."""
    for name in (MANIFEST, RUN):
        if not (root / name).is_file():
            continue
        try:
            earlier = json.loads((root / name).read_bytes())
            foreign = earlier.get("format") != FORMAT
        except (ValueError, AttributeError):
            earlier, foreign = {}, True
        if foreign:
            raise SwerveError(f"{root / name}: this is not Swerve's; choose an empty folder for --out")
        if earlier.get("fingerprint") != manifest["fingerprint"]:
            what = ", ".join(describe_difference(earlier, manifest)) or "its draws differ"
            raise SwerveError(
                f"{root}: holds a data set made with other settings ({what}); choose another --out, or remove the folder"
            )
        return
    strangers = sorted(p.name for p in root.iterdir() if p.name != LOCK)
    if strangers:
        some = ", ".join(strangers[:3]) + (" ..." if len(strangers) > 3 else "")
        raise SwerveError(
            f"{root}: is not empty and holds no data set ({some}); choose an empty or new folder for --out"
        )


def describe_difference(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What sets two data sets apart, setting by setting, 'there' being the folder and 'here' the run."""
    out = []
    for key in IDENTITY:
        a, b = earlier.get(key), json.loads(encode_json(now.get(key)))
        if a == b:
            continue
        if key == "scenarios":
            out.append("the scenario files differ")
        elif isinstance(a, dict) and isinstance(b, dict):
            for name in {**a, **b}:
                out += _differences(name, a.get(name), b.get(name))
        else:
            out += _differences(key, a, b)
    return out[:MOST_TOLD] + [f"and {len(out) - MOST_TOLD} more"] if len(out) > MOST_TOLD + 1 else out


def _differences(name: str, a: Any, b: Any) -> list[str]:
    """What differs in one setting, down to the single values of cameras and sensors."""
    if a == b:
        return []
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for key in {**a, **b} for d in _differences(f"{name}.{key}", a.get(key), b.get(key))]
    rows = [*(a or ()), *(b or ())] if all(isinstance(x, list | None) for x in (a, b)) else []
    if rows and all(isinstance(x, dict) and "name" in x for x in rows):
        old, new = ([str(x["name"]) for x in side or ()] for side in (a, b))
        if old != new:
            return [f"{name} {_several(old, name)} there and {_several(new, name)} here"]
        pairs = zip(old, a, b, strict=True)
        return [d for who, x, y in pairs for d in _differences(f"{name} {who}", x, y)]
    return [f"{name} {_show(a)} there and {_show(b)} here"]


def _several(names: Sequence[str], setting: str) -> str:
    """Who is in a list; a data set without a rig has one camera."""
    if not names:
        return "of one camera" if setting == "rig" else "none"
    return f"of {', '.join(names)}"


def _show(value: Any) -> str:
    if isinstance(value, list):
        return ("x" if len(value) == 2 and all(isinstance(v, int) for v in value) else " ").join(
            map(str, value)
        ) or "none"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} {_show(v)}' for key, v in value.items())}}}"
    return "unset" if value is None else str(round(value, 6) if isinstance(value, float) else value)
