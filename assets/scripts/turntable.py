"""Assets on a turntable, ray traced: ``python assets/scripts/turntable.py tram boar --views 4`` shows some from four sides.

``--lamps 255 --hour night`` shows them with their lamps on. `docs/gallery.py` makes the sheets of all of them.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from sim.assets import AssetSpec, list_assets  # noqa: E402
from sim.assets.occupants import LOOKS  # noqa: E402
from sim.config import CameraConfig, RenderConfig  # noqa: E402
from sim.console import parse_size  # noqa: E402
from sim.render.frames import Renderer  # noqa: E402
from sim.render.mesh import Material, MeshData, Semantic, Surface  # noqa: E402
from sim.render.models import MapModel  # noqa: E402
from sim.render.world import library_of  # noqa: E402
from sim.rotation import quaternion  # noqa: E402
from sim.structs import from_rows, row_sizes  # noqa: E402
from sim.types import SEAT_BITS, Scene, State  # noqa: E402

Picture = npt.NDArray[np.uint8]
FOV = 0.42
"""Horizontal field of view [rad]: a long lens, as catalogues use it."""
SUNS = {"day": (-0.45, 0.35, 0.82), "night": (0.3, 0.2, -0.5)}
FOLDERS = ("vehicles", "people", "animals", "props", "signs", "plants")
"""Of assets, in the order in which they are shown."""
LIMIT = 600_000
"""Bytes of a sheet as .jpg."""
PAINT = (0.03, 0.07, 0.22)
CREW = sum((1 + (1 + 3 * k) % len(LOOKS)) << (SEAT_BITS * k) for k in (0, 1, 3))
"""A driver and two others, where there are seats."""


def ground() -> MapModel:
    """A paved plane."""
    paving = Material("paving", (0.3, 0.295, 0.28), 0.9, surface=Surface.PAVING)
    corners = np.array([(-60, -80, 0), (140, -80, 0), (140, 80, 0), (-60, 80, 0)], np.float32)
    mesh = MeshData(
        corners, np.array([(0, 1, 2), (0, 2, 3)], np.int32), np.tile(np.array([0, 0, 1], np.float32), (4, 1)),
        np.zeros((4, 2), np.float32), np.zeros(2, np.int32), np.full(2, int(Semantic.ROAD), np.uint8), [paving],
    )  # fmt: skip
    return MapModel(mesh)


def pictures(
    name: str,
    yaws: Sequence[float],
    size: tuple[int, int],
    *,
    quality: str = "standard",
    lamps: int = 0,
    hour: str = "day",
    walked: float | None = None,
) -> list[Picture]:
    """An asset, with who rides it, from several sides, (height, width, 3) each.

    Args:
        name: Of the asset.
        yaws: Its headings, 0 looks away from the camera [rad].
        size: Width and height [pixels].
        quality: As of `sim.config.RenderConfig`.
        lamps: Bits of `sim.types.Lamp`.
        hour: A key of `SUNS`.
        walked: Distance covered [m], which shows the gait; None: it stands.
    """
    specs = list_assets()
    chosen = [specs[name], *([specs[specs[name].rider or ""]] if specs[name].rider else [])]
    library = library_of([s.name for s in chosen], [ground()])
    tall = max(s.box_center[2] + s.height / 2 for s in chosen)
    low = min(s.box_center[2] - s.height / 2 for s in chosen)
    radius = 0.5 * max(math.hypot(chosen[0].length, chosen[0].width), (tall - low) * size[0] / size[1])
    radius *= 1.32 if len(chosen) > 1 else 1.12
    distance = 0.98 * radius / math.tan(0.5 * FOV) + 0.4 * radius
    rise = 0.22 * distance + 0.5 * tall
    pitch = math.atan2(rise - 0.5 * (tall + low), distance)
    camera = CameraConfig(
        width=size[0], height=size[1], horizontal_fov=FOV, pos=(-distance, 0.0, rise), pitch=pitch, attached=False
    )
    scene, state = _rows(library.row, chosen, yaws, lamps, SUNS[hour], walked)
    scene_, state_ = (from_rows(k, rows, None, row_sizes(k, rows)) for k, rows in ((Scene, scene), (State, state)))
    config = RenderConfig(cameras=(camera,), quality=quality, outputs=("rgb",))
    renderer = Renderer(library, scene_, state_, config)
    renderer.render(scene_)
    return [frame[0] for frame in renderer.frames.arrays["rgb"].numpy()]


def _rows(
    row: dict[str, int],
    chosen: list[AssetSpec],
    yaws: Sequence[float],
    lamps: int,
    sun: tuple[float, float, float],
    walked: float | None,
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of scene and state: a world for each heading."""
    n = len(chosen)
    scenes: list[dict[str, object]] = []
    states: list[dict[str, object]] = []
    for yaw in yaws:
        middle = chosen[0].box_center
        turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
        x, y = -turn @ np.array(middle[:2])
        scenes.append({
            "world_key": 1, "seed": 5, "weather": {"sun_direction": sun, "fog_visibility": 1e6, "turbidity": 3.0},
            "valid": [1] * n, "asset": [row[s.name] for s in chosen], "size": [s.size for s in chosen],
            "box_center": [s.box_center for s in chosen], "paint": [PAINT] * n, "crew": [CREW] * n,
        })  # fmt: skip
        states.append({
            "signal": [0], "visible": [7] * n, "pos": [(x, y, 0.0)] * n, "rot": [quaternion(yaw)] * n, "lamps": [lamps] * n,
            "speed": [0.0 if walked is None else 1.0] * n, "traveled": [walked or 0.0] * n, "steer": [0.0] * n,
            "wheel_angle": [0.0] * n, "door": [(0.0, 0.0)] * n, "fallen": [0] * n,
        })  # fmt: skip
        for rows in (scenes, states):
            rows[-1] = {key: np.array(v) if isinstance(v, list) else v for key, v in rows[-1].items()}
    return scenes, states


def shown() -> list[AssetSpec]:
    """All assets that look different: riders with what they ride, of signs the variants, as the mesh's own asset is like the first."""
    specs = [s for s in list_assets().values() if s.file.parent.name != "signs" or s.variant]
    specs = [s for s in specs if "rider" not in s.kinds and s.recipe is None]
    return sorted(specs, key=lambda s: (FOLDERS.index(s.file.parent.name), s.name))


def is_faced(name: str) -> bool:
    """Whether an asset shows its face to who comes along +x: signs, boards."""
    return list_assets()[name].semantic == Semantic.TRAFFIC_SIGN or name in (
        "arrow_board",
        "triangle",
        "beacon",
        "works_board",
    )


def sheet(cells: list[tuple[str, Picture]], columns: int) -> Image.Image:
    """Named pictures of one size in rows."""
    height, width = cells[0][1].shape[:2]
    out = Image.new("RGB", (columns * width, -(-len(cells) // columns) * height), (90, 90, 90))
    for k, (name, picture) in enumerate(cells):
        cell = Image.fromarray(picture)
        ImageDraw.Draw(cell).text((3, 1), name, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0))
        out.paste(cell, (k % columns * width, k // columns * height))
    return out


def save(picture: Image.Image, path: Path, limit: int) -> None:
    """Write a picture, as .jpg at the best quality that stays below a number of bytes."""
    if path.suffix != ".jpg":
        picture.save(path)
        return
    for quality in range(88, 20, -4):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() < limit:
            break
    path.write_bytes(out.getvalue())


def main(arguments: list[str]) -> None:
    """Write a sheet of assets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--views", type=int, default=1)
    parser.add_argument("--size", default="144x108")
    parser.add_argument("--columns", type=int, default=0)
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--lamps", type=int, default=0)
    parser.add_argument("--hour", default="day", choices=list(SUNS))
    parser.add_argument("--walked", type=float)
    parser.add_argument("--turn", type=float, help="heading of the first view [deg], 0: from behind")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "turntable.jpg")
    options = parser.parse_args(arguments)
    yaws = [
        math.radians((-145.0 if options.turn is None else options.turn) + 360.0 * k / options.views)
        for k in range(options.views)
    ]
    cells = []
    for name in options.names:
        # Signs and works equipment are made to be seen by who drives along +x.
        turned = yaws if options.turn is not None else [0.35 if is_faced(name) else v for v in yaws]
        looks = pictures(
            name, turned, parse_size(options.size), quality=options.quality, lamps=options.lamps, hour=options.hour,
            walked=options.walked,
        )  # fmt: skip
        cells += [(name if k == 0 else "", look) for k, look in enumerate(looks)]
    out = sheet(cells, options.columns or (options.views if options.views > 1 else min(14, len(cells))))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save(out, options.out, LIMIT)
    print(f"{options.out}: {out.width} x {out.height}, {options.out.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
