"""`swerve render`: worlds drawn, simulated, rendered and written as a labelled data set with a video and a reviewer's page."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from sim.cameras import CameraConfig
from sim.config import USUAL_LABELS, DatasetConfig
from sim.errors import SwerveError
from sim.export.folder import finish, open_folder, tracks_path, video_path
from sim.export.plan import Plan, PlannedDraw, identity, plan_draws, plan_replay, sha256_of
from sim.export.progress import Progress
from sim.export.writer import write_bytes

CHUNK = 16
"""Draws that are simulated, and whose meshes are uploaded, together."""

RARE = ("sim.behavior.cargo", "sim.behavior.trailers", "sim.physics.hitch", "sim.render.probe", "sim.sensors.sweep")
"""Kernels of what few scenarios or the audit alone need: left to their first launch."""


def render_dataset(
    files: Sequence[str | Path], out: str | Path, *, size: tuple[int, int] | None = None, fps: float = 10.0, duration: float | None = None,
    draws: int = 1, seed: int = 0, quality: str = "standard", driver: str | None = None, contact: str = "physics", physics: str = "swerve",
    replay: str | Path | None = None, strict: bool = False, keys: Sequence[int] | None = None, chase: bool = False,
    rig: str | Path | None = None, outputs: Sequence[str] = USUAL_LABELS, lidar: str | None = None, radar: str | None = None,
    device: Any = None, quiet: bool = False,
) -> list[Path]:  # fmt: skip
    """Write a data set: frames, masks, annotations, the labels chosen, calibration, hazards, video, page, manifest.

    Args:
        files: Scenario files, folders of them, or library ids.
        out: Folder to write.
        size: Width and height of the pictures, of the rig's first camera [pixels]; None: 800 x 450, or as the rig says.
        fps: Frames per second of scenario time.
        duration: Longest time to render [s]; None: each world to its end.
        draws: Worlds to draw from each scenario.
        seed: Seed of all draws.
        quality: One of `sim.config.QUALITIES`.
        driver: Who drives the ego; None: as the file says.
        contact: 'physics' or 'report'.
        physics: 'swerve' or 'bullet'.
        replay: Manifest of an earlier data set: its worlds and its settings, instead of all of the above but ``out``.
        strict: What a file uses and Swerve does not know is an error.
        keys: Which draws of each scenario; None: the first ``draws``.
        chase: Also film from behind the ego: pictures in chase/, shown in the video; labels stay the ego camera's.
        rig: Cameras: a preset of `sim.render.rigs` or a YAML file; None: one camera behind the windscreen.
        outputs: Labels beside pictures, classes, instances and annotations: some of `sim.config.LABELS`.
        lidar: Preset of a lidar (`sim.sensors.presets`), whose points go to lidar/; None: there is none.
        radar: Preset of one radar or several, whose detections go to folders by their names; None: there are none.
        device: Warp device; None: the default one.
        quiet: Show no progress.

    Returns:
        The pages to open.

    Raises:
        SwerveError: for unusable files, settings or folders; nothing is written then.
    """
    cameras = () if rig is None else _load_rig(rig, size)
    size = size or ((cameras[0].width, cameras[0].height) if cameras else (800, 450))
    who = None if driver == "default" else driver
    config = DatasetConfig(
        size=(size[0], size[1]),
        fps=fps,
        duration=duration,
        draws=draws,
        seed=seed,
        quality=quality,
        driver=who,
        contact=contact,
        physics=physics,
        strict=strict,
        chase=chase,
        outputs=tuple(outputs),
        lidar=lidar,
        radar=radar,
        rig=cameras,
    )
    plan = plan_draws(files, config, keys) if replay is None else _plan_again(files, replay)
    return write_dataset(plan, Path(out), device, quiet)


def _load_rig(rig: str | Path, size: tuple[int, int] | None) -> tuple[CameraConfig, ...]:
    from sim.render.rigs import load_rig

    return load_rig(rig, size)


def _plan_again(files: Sequence[str | Path], replay: str | Path) -> Plan:
    """The plan of a manifest, which names the scenarios itself."""
    if files:
        raise SwerveError("--replay takes its scenarios from the manifest; name no files")
    return plan_replay(Path(replay))


def write_dataset(plan: Plan, root: Path, device: Any = None, quiet: bool = False) -> list[Path]:
    """Write what a plan holds; see `render_dataset`.

    Files appear whole or not at all. What an interrupted run has written is kept: the same call goes on with it and ends with
    the same bytes. The manifest is written last.
    """
    from sim.export.sensors import check_presets
    from sim.export.summary import write_summary
    from sim.simulation import check_physics

    check_physics(plan.config.physics)
    check_presets(plan.config)
    known = identity(plan, describe_device(device))
    with open_folder(root, known), Progress(quiet) as progress:
        for name, credits in known.get("own_assets", {}).items():
            progress.note(f"own asset {name}: {'; '.join(credits)}")
        with progress.stage("Loading the kernels"):
            _load_kernels(plan, device)
        for first in range(0, len(plan.draws), CHUNK):
            _write_chunk(plan, plan.draws[first : first + CHUNK], root, device, progress)
        with progress.stage("Labels, manifest and page"):
            manifest = write_summary(plan, root, known)
        finish(root, manifest)
    return [root / "index.html"]


def _load_kernels(plan: Plan, device: Any) -> None:
    """Compile what this data set needs, if it is not in the cache."""
    import sim.export.frames  # noqa: F401  (imports everything that launches kernels)
    from sim.export.outputs import images_of
    from sim.kernels import load_kernels
    from sim.render.label_images import CLASSES, OUTPUT_BITS

    fast = ("sim.render.fast",)
    full = (
        "sim.render.colour",
        "sim.render.denoise",
        "sim.render.glare",
        "sim.render.local_tone",
        "sim.render.tonemap",
    )
    images, outputs = images_of(plan.config.outputs), plan.config.outputs
    needs = {
        "sim.render.albedo": "albedo" in images,
        "sim.render.scene_flow": "scene_flow" in images,
        "sim.render.class_images": any(OUTPUT_BITS[name] & CLASSES for name in images),
        "sim.render.birds_eye": "bev" in outputs or "lane_lines" in outputs,
        "sim.render.voxels": "occupancy" in outputs,
        "sim.sensors.lidar": plan.config.lidar is not None,
        "sim.sensors.air": plan.config.lidar is not None,
        "sim.sensors.radar": plan.config.radar is not None,
        "sim.sensors.detections": plan.config.radar is not None,
        "sim.render.chase": plan.config.chase,
        "sim.render.glass": bool(plan.config.rig),
        "sim.render.primary": bool(plan.config.rig) or plan.config.chase,
    }
    spared = tuple(name for name, wanted in needs.items() if not wanted)
    load_kernels(device, (*RARE, *spared, *(full if plan.config.quality == "fast" else fast)))


def describe_device(device: Any = None) -> dict[str, str]:
    """What pictures were made on: equal where equal bytes are promised."""
    import warp as wp

    found = wp.get_device(device)
    name = found.name if found.is_cuda else _processor()
    return {"kind": "cuda" if found.is_cuda else "cpu", "name": name, "warp": wp.__version__}


def _processor() -> str:
    """Model of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _write_chunk(plan: Plan, draws: Sequence[PlannedDraw], root: Path, device: Any, progress: Progress) -> None:
    """Simulate some draws, then render and film each."""
    from sim.export.frames import make_renderers, write_frames
    from sim.export.layers import layer_names, missing_layers, write_layers
    from sim.export.sensors import SensorRecorder, sensor_frames_missing, write_sensors
    from sim.export.tracks import Tracks
    from sim.export.views import missing_frames, views_of
    from sim.render.world import build_library
    from sim.sampling import pack_worlds

    counts = [_complete_frames(plan, draw, root) for draw in draws]
    if all(counts):
        for draw, count in zip(draws, counts, strict=True):
            progress.frames(_title(plan, draw), count, count)
        return
    with progress.stage("Building the worlds"):
        batch = pack_worlds([[draw.spec] for draw in draws], [draw.key for draw in draws], device, plan.sim_config)
    _write_tracks(plan, draws, batch, root, progress)
    library = None
    for world, draw in enumerate(draws):
        tracks = Tracks.decode(tracks_path(root, draw).read_bytes())
        scans = sensor_frames_missing(root, draw.id, tracks.nframe, plan.config)
        if scans:
            with progress.stage(f"{draw.id}: lidar and radar"):
                library = library or build_library(batch)
                write_sensors(SensorRecorder(library, batch, world, tracks, plan.config), root, draw.id, scans)
        views = views_of(draw.id, plan.config)
        missing = missing_frames(root, views, tracks.nframe)
        if missing:
            with progress.stage(f"{draw.id}: preparing the renderer"):
                library = library or build_library(batch)
                renderers = make_renderers(library, batch, world, tracks, plan.config, len(missing))
            pictures = tracks.nframe * len(views)
            write_frames(
                renderers, root, missing, progress.frames(_title(plan, draw), pictures, pictures - len(missing))
            )
        if missing or not video_path(root, draw, len(plan.draws)).is_file():
            with progress.stage(f"{draw.id}: video"):
                _write_video(plan, draw, tracks, root, batch.actor_specs[world][0])
        layers = layer_names(plan.config) if missing else missing_layers(root, draw.id, plan.config)
        if layers:
            with progress.pictures(f"{draw.id}: videos of labels", len(layers) * tracks.nframe) as step:
                write_layers(root, draw.id, layers, tracks, plan.config, step)


def _title(plan: Plan, draw: PlannedDraw) -> str:
    """A draw on the screen, with its place among many."""
    count = len(plan.draws)
    return draw.id if count == 1 else f"{draw.id} ({plan.draws.index(draw) + 1} of {count})"


def _complete_frames(plan: Plan, draw: PlannedDraw, root: Path) -> int:
    """How many pictures a draw has if its tracks, all pictures and its videos stand, else 0."""
    from sim.export.layers import missing_layers
    from sim.export.sensors import sensor_frames_missing
    from sim.export.tracks import Tracks
    from sim.export.views import missing_frames, views_of

    path = tracks_path(root, draw)
    if not path.is_file() or not video_path(root, draw, len(plan.draws)).is_file():
        return 0
    count = Tracks.decode(path.read_bytes()).nframe
    if sensor_frames_missing(root, draw.id, count, plan.config):
        return 0
    views = views_of(draw.id, plan.config)
    missing = missing_layers(root, draw.id, plan.config) or missing_frames(root, views, count)
    return 0 if missing else count * len(views)


def _write_tracks(plan: Plan, draws: Sequence[PlannedDraw], batch: Any, root: Path, progress: Progress) -> None:
    """Tracks of the draws: kept if they stand, else copied from the data set that is replayed, else simulated."""
    from sim.export.tracks import frame_rate, record

    for draw in draws:
        target = tracks_path(root, draw)
        if draw.tracks is not None and not target.is_file():
            write_bytes(target, draw.tracks.read_bytes())
    if all(tracks_path(root, draw).is_file() for draw in draws):
        return
    config = plan.config
    longest = max(draw.spec.duration for draw in draws)
    with progress.simulation(min(longest, config.duration or longest)) as step:
        recorded = record(batch, frame_rate(config.fps), config.duration, step, config.span)
    for draw, tracks in zip(draws, recorded, strict=True):
        target = tracks_path(root, draw)
        if not target.is_file():
            write_bytes(target, tracks.encode())
            if draw.tracks_sha256 not in (None, sha256_of(target)):
                progress.note(f"{draw.id}: this machine simulates it differently from the one that wrote the manifest")


def _write_video(plan: Plan, draw: PlannedDraw, tracks: Any, root: Path, actors: Sequence[Any]) -> None:
    """The film of a draw from its frames on disk: the picture, and beside it boxes and classes, then what lidar and radar see."""
    from sim.export.film import overlaid_frames
    from sim.export.topview import add_top_view
    from sim.export.video import encode_video

    names = [actor.name for actor in draw.spec.actors]
    rate: Fraction = tracks.rate
    pictures = overlaid_frames(root, draw.id, tracks, names, plan.config)
    film = encode_video(add_top_view(pictures, root, draw.id, tracks, actors, plan.config), rate)
    write_bytes(video_path(root, draw, len(plan.draws)), film)
