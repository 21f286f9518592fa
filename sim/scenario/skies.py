"""Skies from pictures: Radiance files as `environment: {sky: ...}` names them, their sun taken out and the rest kept small."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from sim.errors import ScenarioError
from sim.scenario.checks import words_of
from sim.scenario.distributions import Node
from sim.scenario.own_assets import FOLDERS, own_folders
from sim.scenario.schema import ScenarioFile
from sim.scenario.source import Path_, Source

COMPUTED = "computed"
"""Word for a sky that is no picture."""
SUFFIX = ".hdr"
AT: Path_ = ("environment", "sky")
MAX_BYTES = 200 << 20
MIN_WIDTH, MAX_WIDTH = 64, 8192
MAX_SKIES = 64
"""Pictures of skies in a scenario and in a batch: 4 MiB each on the device."""
KEPT_WIDTH = 2048
"""Larger pictures are kept at this width."""
SUN, RING = 5.0, (8.0, 14.0)
"""Angle from the brightest place within which the sun is taken out, and of the ring about it that says how bright the sky is [deg]."""
GLARE = 4.0
"""What is brighter than so many times that ring counts as sun."""
LEAST_SUN = 0.1
"""Irradiance facing it over the sky's on level ground below which a bright place is no sun."""
T = TypeVar("T")
LINE = 100
"""Most bytes of a header's line: readers take longer ones for several."""
_SIZE = re.compile(rb"-Y (\d{1,6}) \+X (\d{1,6})")
_WORD = re.compile(r"[\w .,+()/-]{1,200}")


class SkyFile(NamedTuple):
    """A picture, and how it is used."""

    path: Path
    has_sun: bool
    """Whether its brightest place is the sun, to be taken out; of a night's pictures moon and lamps stay where they are."""


@dataclass(frozen=True)
class SkyPicture:
    """What is above the horizon. Scale: sun and sky give level ground the irradiance pi, mean of red, green and blue."""

    radiance: npt.NDArray[np.float32]
    """Linear RGB without the sun; rows from the zenith to the horizon, columns to the right about the middle, (n, 4 n, 3)."""
    sun: npt.NDArray[np.float32]
    """Irradiance facing the sun, (3,); 0 without one."""
    sun_direction: tuple[float, float, float] | None
    """Unit; x towards the picture's middle, y left, z up."""

    @property
    def ambient(self) -> npt.NDArray[np.float32]:
        """Irradiance of the sky without the sun on level ground over pi, (3,)."""
        return (_irradiance(self.radiance) / np.pi).astype(np.float32)


def sky_files(model: ScenarioFile, parameters: Mapping[str, Node], source: Source) -> dict[str, Path]:
    """Pictures that a scenario's sky may be, by the words it calls them.

    Raises:
        ScenarioError: if one is not there or cannot be one by its size, or if keys contradict it.
    """
    e = model.environment
    if e.sky is None:
        if e.sky_heading is not None:
            raise source.error("sky_heading turns a sky's picture, and there is none", ("environment", "sky_heading"))
        return {}
    words = list(dict.fromkeys(words_of(e.sky.node, dict(parameters))))
    shown = [word for word in words if word != COMPUTED]
    if len(shown) > MAX_SKIES:
        hint = "Split the scenario, or let a parameter choose among fewer."
        raise source.error(f"the sky may show {len(shown)} pictures, more than {MAX_SKIES}", AT, hint)
    files = {word: _find(word, source) for word in shown}
    for key in ("cloud", "turbidity"):
        if getattr(e, key) is not None and COMPUTED not in words:
            hint = f"Leave it out; it serves computed skies: choice({COMPUTED} | ...)."
            raise source.error(
                f"clouds and haze are in the sky's picture: {key} has no use", ("environment", key), hint
            )
    for path in files.values():
        told(check_sky, path, source)
    return files


def told(read: Callable[[Path], T], path: Path, source: Source) -> T:
    """What ``read`` makes of a picture; its errors name the scenario's line."""
    try:
        return read(path)
    except ScenarioError as error:
        raise source.error(f"sky {path.name}: {error.message}", AT, error.hint or "") from None


def _find(word: str, source: Source) -> Path:
    """The file of a name or path: beside the scenario file or below; a name also in folders of own assets."""
    home = source.file.resolve().parent
    if not _WORD.fullmatch(word):
        raise source.error(
            f"sky {word[:40]!r} cannot be a file's name",
            AT,
            "Letters, digits and . , + ( ) - / and spaces, at most 200.",
        )
    named = "/" not in word and not word.lower().endswith(SUFFIX)
    path = (home / (word + SUFFIX if named else word)).resolve()
    if Path(word).is_absolute() or not path.is_relative_to(home):
        hint = f"Keep skies beside the file, or put them into a folder that the environment variable {FOLDERS} names."
        raise source.error(f"sky {word!r} lies outside the scenario's folder", AT, hint)
    if path.suffix.lower() != SUFFIX:
        hint = f"Skies are equirectangular Radiance pictures ({SUFFIX}); convert others."
        raise source.error(f"sky {word!r} is no {SUFFIX} file", AT, hint)
    places = [path, *(folder / path.name for folder in own_folders(source) if named)]
    for place in places:
        if place.is_file() and place.resolve().is_relative_to(place.parent.resolve()):
            return place
    looked = ", ".join(dict.fromkeys(str(place.parent) for place in places))
    raise source.error(f"there is no sky {word!r}", AT, f"Looked for {path.name} in {looked}.")


def check_sky(path: Path) -> None:
    """Check what a file's first bytes say, before anything is made of its size.

    Raises:
        ScenarioError: if it is no equirectangular Radiance picture of a bounded size.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}") from None
    if size > MAX_BYTES:
        raise ScenarioError(f"{size >> 20} MiB are too many", hint=f"At most {MAX_BYTES >> 20}.")
    header, _, rest = head.partition(b"\n\n")
    lines = header.split(b"\n")
    found = _SIZE.fullmatch(rest.partition(b"\n")[0])
    known = lines[0].startswith((b"#?RADIANCE", b"#?RGBE")) and max(map(len, lines)) <= LINE
    if not known or found is None:
        hint = f"Its first line is #?RADIANCE, none has over {LINE} bytes, and -Y height +X width follows the first blank one."
        raise ScenarioError("this is no Radiance picture", hint=hint)
    height, width = int(found[1]), int(found[2])
    if width != 2 * height or height % 2:
        hint = "Equirectangular ones are twice as wide as high, and have an even height."
        raise ScenarioError(f"{width} x {height} is no equirectangular picture", hint=hint)
    if not MIN_WIDTH <= width <= MAX_WIDTH:
        hint = f"{MIN_WIDTH} x {MIN_WIDTH // 2} to {MAX_WIDTH} x {MAX_WIDTH // 2}."
        raise ScenarioError(f"{width} x {height} is too {'small' if width < MIN_WIDTH else 'large'}", hint=hint)


def read_sky(path: Path, has_sun: bool = True) -> SkyPicture:
    """Read a picture.

    Args:
        path: A Radiance file.
        has_sun: Whether to look for the sun; see `SkyFile`.

    Raises:
        ScenarioError: if it cannot be used.
    """
    return _read(path, has_sun, *_stamp(path))


def sun_of(path: Path) -> tuple[float, float, float] | None:
    """`SkyPicture.sun_direction` of a picture, read once: a draw needs no more.

    Raises:
        ScenarioError: if the picture cannot be used.
    """
    return _sun_of(path, *_stamp(path))


def _stamp(path: Path) -> tuple[int, int]:
    check_sky(path)
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=1024)
def _sun_of(path: Path, size: int, changed: int) -> tuple[float, float, float] | None:
    return _read(path, True, size, changed).sun_direction


@lru_cache(maxsize=4)
def _read(path: Path, has_sun: bool, _size: int, _changed: int) -> SkyPicture:
    import cv2

    log = cv2.utils.logging
    level = log.getLogLevel()
    log.setLogLevel(log.LOG_LEVEL_SILENT)  # the error below says it
    try:
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        picture = None
    finally:
        log.setLogLevel(level)
    if picture is None or picture.ndim != 3 or picture.dtype != np.float32:
        raise ScenarioError("the picture is damaged", hint="It ends early, or is not in RGBE.")
    if picture.shape[1] > KEPT_WIDTH:
        picture = cv2.resize(picture, (KEPT_WIDTH, KEPT_WIDTH // 2), interpolation=cv2.INTER_AREA)
    upper: npt.NDArray[np.float32] = picture[: len(picture) // 2, :, ::-1].astype(np.float32)
    if not np.isfinite(upper).all() or (upper < 0.0).any() or upper.max() > 1e12:
        raise ScenarioError("the picture holds negative, infinite or undefined light")
    direction, sun = None, np.zeros(3, np.float32)
    if has_sun:
        upper, direction, sun = _take_out_sun(upper)
    total = float((_irradiance(upper) + (0.0 if direction is None else direction[2]) * sun).mean())
    if total <= 1e-9:
        raise ScenarioError("the picture holds no light above the horizon")
    scale = np.float32(np.pi / total)
    return SkyPicture(upper * scale, sun * scale, direction)


def row_edges(rows: int) -> npt.NDArray[np.float64]:
    """Heights (z of a unit vector) of the edges of rows between zenith and horizon, (rows + 1,)."""
    return np.cos(np.linspace(0.0, np.pi / 2, rows + 1))


def _solid_angles(rows: int, cols: int) -> npt.NDArray[np.float32]:
    """Of a texel of each row [sr], (rows, 1)."""
    return (-np.diff(row_edges(rows)) * (2 * np.pi / cols)).astype(np.float32)[:, None]


def _irradiance(upper: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """On level ground, (3,): a row's cosine is integrated exactly, the texels are taken as flat."""
    cosine = -np.diff(row_edges(len(upper)) ** 2) * (np.pi / upper.shape[1])
    return np.einsum("r,rck->k", cosine, upper.astype(np.float64)).astype(np.float32)


def texel_directions(rows: int, cols: int) -> npt.NDArray[np.float32]:
    """Unit vectors to the texels of the upper half of a picture, (rows, cols, 3); see `SkyPicture.sun_direction`."""
    down = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) * np.float32(0.5 * np.pi / rows)
    left = np.float32(np.pi) - (np.arange(cols, dtype=np.float32)[None] + 0.5) * np.float32(2 * np.pi / cols)
    flat = np.sin(down)
    return np.stack([flat * np.cos(left), flat * np.sin(left), np.broadcast_to(np.cos(down), (rows, cols))], axis=-1)


def _take_out_sun(
    upper: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], tuple[float, float, float] | None, npt.NDArray[np.float32]]:
    """A picture's upper half without its sun, the direction to it and its irradiance facing it.

    The light about the brightest place that exceeds `GLARE` times the sky around is the sun's, the rest stays: none is lost. Its direction
    is that light's centre.
    """
    import cv2

    rows, cols, _ = upper.shape
    light = upper.mean(axis=-1)
    coarse = min(cols, 512)
    small = cv2.resize(light, (coarse, coarse // 4), interpolation=cv2.INTER_AREA)
    row, col = np.unravel_index(np.argmax(small), small.shape)
    middle = texel_directions(coarse // 4, coarse)[row, col]
    directions, solid = texel_directions(rows, cols), _solid_angles(rows, cols)
    cosine = directions @ middle
    inner, outer = (float(np.cos(np.radians(angle))) for angle in RING)
    weight = np.where((cosine < inner) & (cosine > outer), solid, np.float32(0.0))
    limit = GLARE * float((light * weight).sum() / max(weight.sum(), 1e-9))
    glare = (cosine > np.cos(np.radians(SUN))) & (light > limit)
    kept = np.where(glare, limit / np.maximum(light, 1e-20), 1.0).astype(np.float32)[..., None]
    rest = upper * kept
    lost = (upper - rest) * solid[..., None]
    pull = np.einsum("rc,rck->k", lost.mean(axis=-1), directions)
    sun = lost.sum(axis=(0, 1), dtype=np.float64).astype(np.float32)
    if not glare.any() or float(sun.mean()) < LEAST_SUN * float(_irradiance(rest).mean()):
        return upper, None, np.zeros(3, np.float32)
    x, y, z = (float(v) for v in pull / np.linalg.norm(pull))
    return rest, (x, y, z), sun
