"""Audits labels of random frames: ``python -m sim.export.random_audit --frames 2000 --out audit``.

Frames come in blocks. A block is one world of a scenario, in a weather drawn for it, seen by cameras drawn for it (lens, size, shutter,
optics, sensor, faults; now and then a rig's preset) and by a lidar and radars, at a few moments; every label is on. A block's draws
depend on the seed, the scenarios and its number alone, and its row in ``blocks.jsonl`` is written when it is through, so that an
interrupted audit goes on where it was, and one block can be looked at again (``--only``). The file's first line says of what seed,
scenarios and code the rows are; an audit of others does not go on there.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Annotated, Any

import numpy as np
import typer

import sim
from sim.cameras import MOSAICS, CameraConfig, CameraFault, Lens, Optics, Sensor, Shutter
from sim.config import LABELS, DatasetConfig, SimConfig
from sim.errors import SwerveError, told_plainly
from sim.export.writer import encode_json, write_bytes
from sim.scenario.world import Environment

MOMENTS, CAMERAS = 6, 6
"""Moments of each block's world, and cameras that look at each."""
MAP_LIDARS = ("spin16", "spin32", "spin64", "solid", "rosette")
RADAR_SETS = ("long", "short", "long+short", "imaging", "surround")
RIGS = ("nuscenes6", "surround4")
PRESET = 0.25
"""Share of blocks whose cameras are those of a rig's preset."""


@dataclass(frozen=True)
class Block:
    """What one block looks at, and how."""

    number: int
    scenario: Path
    key: int
    """Of its draw."""
    environment: Environment
    config: DatasetConfig
    moments: tuple[float, ...]
    """Shares of the world's run."""


def plan_block(seed: int, number: int, files: Sequence[Path]) -> Block:
    """Draw a block.

    Args:
        seed: Of the audit.
        number: Of the block: scenarios take turns.
        files: Scenarios.
    """
    rng = np.random.default_rng((seed, number))
    if rng.random() < PRESET:
        from sim.render.rigs import load_rig

        width = int(rng.integers(8, 13)) * 16
        rig = load_rig(str(rng.choice(RIGS)), (width, width * 9 // 16))
    else:
        rig = tuple(random_camera(rng, k) for k in range(CAMERAS))
    config = DatasetConfig(
        fps=5.0,
        quality="fast",
        outputs=LABELS,
        rig=rig,
        lidar=str(rng.choice(MAP_LIDARS)),
        radar=str(rng.choice(RADAR_SETS)),
    )
    count = -(-MOMENTS * CAMERAS // len(rig))
    moments = tuple(sorted(rng.random(count).tolist()))
    return Block(number, files[number % len(files)], int(rng.integers(1000)), random_environment(rng), config, moments)


def random_camera(rng: np.random.Generator, number: int) -> CameraConfig:
    """A camera somewhere on a car, with any lens and shutter; half of them with a plain sensor."""
    width, height = (int(n) * 16 for n in (rng.integers(6, 17), rng.integers(4, 9)))
    width = min(width, 144 if rng.random() < 0.7 else 256)
    model = str(rng.choice(("pinhole", "brown_conrady", "kannala_brandt")))
    fov, distortion = float(rng.uniform(0.5, 2.0)), ()
    if model == "brown_conrady":
        fov = min(fov, 1.5)
        distortion = (*rng.uniform((-0.3, -0.05), (0.15, 0.08)), *rng.uniform(-2e-3, 2e-3, 2))
        distortion += (float(rng.uniform(-0.02, 0.02)), *rng.uniform(-0.05, 0.05, 3)) if rng.random() < 0.3 else ()
    if model == "kannala_brandt":
        fov, distortion = float(rng.uniform(1.5, math.radians(190.0))), tuple(rng.uniform(-0.03, 0.03, 4))
        distortion = distortion if rng.random() < 0.7 else ()
    lens = Lens(model, None, tuple(float(c) for c in distortion))
    rolling, blurred, glass = rng.random(3) < (0.4, 0.25, 0.4)
    shutter = Shutter(float(rng.uniform(5e-3, 0.06)) * rolling, float(rng.uniform(1e-3, 0.02)) * blurred, 2)
    optics = Optics(vignetting=float(rng.random()), aberration=float(rng.uniform(-4e-3, 4e-3))) if glass else Optics()
    drops, mosaic = rng.spawn(1)[0].random(2)  # of its own stream, so that all else is drawn as it was before these two
    optics = replace(optics, exposed=float(drops)) if glass else optics
    kinds = [k for k in ("dirt", "drops", "blinding", "frozen", "dropped") if rng.random() < 0.12]
    faults = tuple(CameraFault(k, float(rng.random()), *sorted(rng.uniform(0.0, 12.0, 2).tolist())) for k in kinds)
    pattern = MOSAICS[int(8 * mosaic) % 4] if mosaic < 0.5 else None
    return CameraConfig(
        f"camera{number}", width, height, fov,
        (float(rng.uniform(-1.0, 3.8)), float(rng.uniform(-1.0, 1.0)), float(rng.uniform(0.7, 2.2))),
        float(rng.choice((0.0, rng.uniform(-math.pi, math.pi)))), float(rng.uniform(-0.1, 0.3)), float(rng.normal(0.0, 0.05)),
        show_ego=True if rng.random() < 0.2 else None, lens=lens, shutter=shutter, optics=optics,
        sensor=Sensor(full_well=float(rng.choice((4e3, 1e4))), mosaic=pattern) if rng.random() < 0.5 else None,
        jpeg=int(rng.choice((0, 90))), faults=faults,
    )  # fmt: skip


def random_environment(rng: np.random.Generator) -> Environment:
    """Any hour, sky and weather: a fifth each clear, wet, foggy, snowy, and anything at once."""
    hour = float(rng.choice((rng.uniform(6.0, 20.0), rng.uniform(0.0, 24.0))))
    base = Environment(
        hour * 3600.0,
        int(rng.integers(1, 366)),
        cloud_cover=float(rng.random()),
        turbidity=float(rng.uniform(2.0, 8.0)),
    )
    rain, snow, wet, lying, ice = (float(x) for x in rng.random(5) * (40.0, 8.0, 1.0, 1.0, 0.5))
    fog = float(10 ** rng.uniform(1.3, 3.5))
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"rain": rain, "wetness": max(wet, 0.3)},
        {"fog_visibility": fog},
        {"snow": snow, "snow_cover": lying, "temperature": -4.0},
        {"rain": 0.3 * rain, "wetness": wet, "fog_visibility": 10.0 * fog, "snow_cover": 0.3 * lying, "ice": ice, "temperature": 0.5},
    )  # fmt: skip
    return replace(base, **kinds[int(rng.integers(len(kinds)))])


def audit_block(block: Block, seed: int, most: int) -> Iterator[list[str]]:
    """Make a block's world and look at it.

    Args:
        block: Which.
        seed: Of its world.
        most: Pictures to look at.

    Yields:
        What is wrong with each picture, none if nothing; the first of each moment with its lidar and radars.
    """
    from sim.export.audit import audit_frame
    from sim.export.audit_sensors import audit_sensors
    from sim.export.frames import FrameRenderer
    from sim.export.sensors import SensorRecorder
    from sim.export.tracks import frame_rate, record
    from sim.render.world import build_library
    from sim.sampling import draw_world, pack_worlds
    from sim.scenario.reader import load_scenario

    sim_config, config = SimConfig(seed, pool=1), block.config
    spec = draw_world(load_scenario(block.scenario), sim_config, block.key, 0)
    spec = replace(spec, environment=block.environment)
    batch = pack_worlds([[spec]], [block.key], "cpu", sim_config)
    tracks = record(batch, frame_rate(config.fps), None, span=config.span)[0]
    library = build_library(batch)
    renderer = FrameRenderer(library, batch, 0, tracks, config, 1)
    sensors = SensorRecorder(library, batch, 0, tracks, config)
    views = [(moment, camera) for moment in block.moments for camera in range(len(config.cameras))]
    for moment, camera in views[:most]:
        frame = min(int(moment * tracks.nframe), tracks.nframe - 1)
        faults = audit_sensors(sensors, frame) if camera == 0 else []
        yield faults + [f"{config.cameras[camera].name}: {fault}" for fault in audit_frame(renderer, frame, camera)]


def tell_block(block: Block) -> dict[str, Any]:
    """A block in its row: enough to find it again."""
    weather = {k: v for k, v in vars(block.environment).items() if v != getattr(Environment(), k)}
    cameras = [
        f"{c.width}x{c.height} {c.lens.model} {c.horizontal_fov:.2f} rad, shutter {c.shutter.readout:.3f} + {c.shutter.exposure:.3f} s"
        for c in block.config.cameras
    ]
    return {
        "block": block.number,
        "scenario": block.scenario.stem,
        "key": block.key,
        "lidar": block.config.lidar,
        "radar": block.config.radar,
        "environment": weather,
        "cameras": cameras,
    }


def tell_audit(seed: int, files: Sequence[Path]) -> dict[str, Any]:
    """What all rows of an audit have in common: seed, Swerve's version and a digest of its code, and one of each scenario in turn."""
    code = hashlib.sha256()
    for path in sorted(Path(sim.__file__).parent.rglob("*.py")):
        code.update(path.read_bytes())
    scenarios = [f"{path.stem} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}" for path in files]
    return {"seed": seed, "version": sim.__version__, "code": code.hexdigest()[:16], "scenarios": scenarios}


def open_audit(file: Path, head: dict[str, Any]) -> None:
    """Write an audit's first line, or hold the one that stands there against it.

    Raises:
        SwerveError: if the rows below it are of another seed, version, code or of other scenarios, or nothing says of which they are.
    """
    if not file.is_file():
        write_bytes(file, encode_json({"audit": head}).strip())
        return
    try:
        earlier = json.loads(file.read_text().partition("\n")[0])["audit"]
        differ = [name for name in head if earlier.get(name) != head[name]]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise SwerveError(f"{file}: its first line does not say of what its rows are; choose another --out") from None
    if differ:
        what = ", ".join(
            f"{name} {earlier.get(name)} there and {head[name]} here" if name != "scenarios" else "scenarios differ"
            for name in differ
        )
        raise SwerveError(f"{file}: holds another audit ({what}); choose another --out, or remove the file")


def done_blocks(file: Path) -> dict[int, dict[str, Any]]:
    """Rows of the blocks that are through, by number; a row cut off by an interruption does not count."""
    rows: dict[int, dict[str, Any]] = {}
    for line in file.read_text().splitlines() if file.is_file() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if "block" in row:
            rows[row["block"]] = row
    return rows


def run(frames: int, seed: int, out: Path, files: Sequence[Path], only: int | None = None) -> list[str]:
    """Audit random frames, block after block.

    Args:
        frames: Pictures in all.
        seed: Of all draws.
        out: Folder of ``blocks.jsonl``, made if it is not there; what stands in it is kept and not done again.
        files: Scenarios, which take turns.
        only: This block alone, whether done or not.

    Returns:
        One sentence per fault, with block, scenario and camera.

    Raises:
        SwerveError: if what stands in ``out`` is of another audit (`open_audit`).
    """
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    file = out / "blocks.jsonl"
    open_audit(file, tell_audit(seed, files))
    done = {} if only is not None else done_blocks(file)
    faults: list[str] = []
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("Frames", total=frames)
        left, number = frames, only or 0
        while left > 0:
            block = plan_block(seed, number, files)
            row = done.get(number)
            if row is None:
                row = tell_block(block) | {"pictures": 0, "faults": []}
                begun = process_time()
                progress.update(task, description=f"Block {number}: {block.scenario.stem}")
                for found in audit_block(block, seed, left):
                    row["pictures"] += 1
                    row["faults"] += found
                    progress.advance(task)
                    for fault in found:
                        progress.console.print(
                            f"block {number}, {block.scenario.stem}: {fault}", markup=False, highlight=False
                        )
                row["cpu_seconds"] = round(process_time() - begun, 1)
                # A row that was cut off stays a line of its own.
                with file.open("a") as lines:
                    lines.write("\n" + json.dumps(row))
            else:
                progress.advance(task, row["pictures"])
            faults += [f"block {number}, {row['scenario']}: {fault}" for fault in row["faults"]]
            left -= row["pictures"] if only is None else left
            number += 1
    return faults


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="Scenarios or folders; none: the library.")] = None,
    frames: Annotated[int, typer.Option(help="Pictures to look at.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 5,
    out: Annotated[Path, typer.Option(help="Folder for what was found; an interrupted audit goes on there.")] = Path(
        "audit"
    ),
    only: Annotated[int | None, typer.Option(help="Look at this block alone, again.")] = None,
) -> None:
    """Audit the labels of random frames; exit code 1 if anything is wrong."""
    import warp as wp

    from sim.scenario.reader import expand, library_files

    wp.config.log_level = wp.LOG_WARNING
    scenarios = expand(files) if files else [library_files()[name] for name in sorted(library_files())]
    faults = run(frames, seed, out, scenarios, only)
    typer.echo(f"{frames} frames, {len(faults)} faults")
    for fault in faults:
        typer.echo(fault)
    raise typer.Exit(1 if faults else 0)


if __name__ == "__main__":
    with told_plainly():
        typer.run(main)
