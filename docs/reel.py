"""Makes `docs/reel.mp4` and `docs/reel.jpg`: six accidents, simulated and rendered as `swerve render` does, seen from the roadside.

    python docs/reel.py [--only NAME ...] [--quality draft] [--preview DIR] [--audit]

Clips that are not named keep their place in the film that stands. `--preview` writes a strip of small pictures per clip instead,
`--audit` measures what a film would show: bodies that overlap, sink or jump (`docs/reel_audit.py`).
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import warp as wp

from sim.config import CameraConfig, RenderConfig, SimConfig
from sim.export.tracks import Tracks, record, show
from sim.export.video import decode_video, encode_video, join_videos, split_video
from sim.render.frames import Renderer
from sim.render.world import build_library
from sim.rotation import quaternion
from sim.sampling import Batch, sample_worlds
from sim.scenario.reader import load_scenario
from sim.structs import slice_worlds

HERE = Path(__file__).parent
RATE = Fraction(25)
SIZE = (848, 480)
CRF = 30
"""Of x264: all six clips in less than 4 MB."""
CALM = 0.35
"""Over which a camera's aim is smoothed [s]."""
KEYS = (0.2, 0.5, 0.85)
"""Moments of a clip on the contact sheet, over its length."""


@dataclass(frozen=True)
class Clip:
    """A stretch of a run, and from where it is seen."""

    name: str
    file: str
    """A scenario's id, or its file beside this script."""
    start: float
    """[s]."""
    length: float
    """[s]."""
    eye: tuple[float, float, float]
    """Where the camera is [m]: in the world or, if it travels along, ahead, left and above of what it looks at, as that heads at first."""
    aim: tuple[str, ...]
    """Actors whose middle it looks at."""
    travels: bool = False
    fov: float = 0.7
    """Horizontal [rad]."""
    driver: str = "default"
    key: int = 0
    """Which draw."""


CLIPS = (
    Clip("skid on ice", "black-ice-in-bend", 4.4, 3.4, (-10.5, 0.5, 3.0), ("ego",), True, 0.85, "evade_right", 35),
    Clip("blowout at 120 km/h", "reel/blowout.yaml", 0.8, 5.0, (-13.0, 2.0, 4.0), ("ego",), True, 0.8),
    Clip("truck jackknife", "truck-jackknife", 6.0, 4.2, (202.0, 5.4, 3.2), ("truck",), False, 0.62, "constant", 3),
    Clip(
        "side impact and roll-over",
        "reel/side-impact.yaml",
        2.3,
        3.6,
        (28.5, -7.0, 2.8),
        ("suv", "suv", "suv", "ego"),
        False,
        0.85,
    ),
    Clip("pedestrian impact", "reel/pedestrian.yaml", 3.2, 3.0, (110.0, 4.6, 1.7), ("man", "ego"), False, 0.75),
    Clip("pile-up in fog", "reel/pile-up.yaml", 4.2, 4.2, (245.0, 4.0, 3.4), ("a", "ego"), False, 0.8),
)


def count_of(clip: Clip) -> int:
    """Its frames."""
    return round(clip.length * RATE)


def batch_of(clip: Clip) -> Batch:
    """The clip's world."""
    path = clip.file if not clip.file.endswith(".yaml") else HERE / clip.file
    config = SimConfig(contact="physics", driver=clip.driver, pool=1)
    return sample_worlds([load_scenario(path)], [clip.key], None, config)


def aims(clip: Clip, batch: Batch, tracks: Tracks) -> np.ndarray:
    """What the camera looks at, frame by frame: the middle of the actors' boxes, smoothed over time, (nframe, 3) [m]."""
    names = [a.name for a in batch.specs[0][0].actors]
    chosen = [names.index(name) for name in clip.aim]
    middle = tracks.arrays["pos"][:, chosen].astype(float)
    middle[..., 2] += 0.4 * batch.scene.size.numpy()[0, chosen, 2]
    target = middle.mean(axis=1)
    width = CALM * float(RATE)
    reach = math.ceil(2.0 * width)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    padded = np.concatenate([np.repeat(target[:1], reach, 0), target, np.repeat(target[-1:], reach, 0)])
    return np.stack([np.convolve(padded[:, k], weights / weights.sum(), "valid") for k in range(3)], axis=1)


def look(renderer: Renderer, eye: np.ndarray, target: np.ndarray) -> None:
    """Put the camera at a place and turn it to another."""
    d = target - eye
    yaw, pitch = math.atan2(d[1], d[0]), -math.atan2(d[2], math.hypot(d[0], d[1]))
    renderer.cameras.mount_pos.assign(np.array([[eye]], np.float32))
    renderer.cameras.mount_rot.assign(np.array([[quaternion(yaw, pitch, 0.0)]], np.float32))


def pictures(clip: Clip, size: tuple[int, int], quality: str, every: int = 1) -> list[np.ndarray]:
    """The clip's frames, RGB."""
    batch = batch_of(clip)
    tracks = record(batch, RATE, clip.start + clip.length + 1.0 / RATE)[0]
    camera = CameraConfig(width=size[0], height=size[1], horizontal_fov=clip.fov, attached=False)
    scene, state = (slice_worlds(s, 0, 1, 1) for s in (batch.scene, batch.state))
    renderer = Renderer(build_library(batch), scene, state, RenderConfig((camera,), quality, ("rgb",)), threads=2)
    target = aims(clip, batch, tracks)
    first = round(clip.start * RATE)
    eyes = np.array(clip.eye) + np.zeros_like(target)
    if clip.travels:
        d = target[first + 1] - target[first]
        ahead = np.array([d[0], d[1], 0.0]) / math.hypot(d[0], d[1])
        eyes = target + clip.eye[0] * ahead + clip.eye[1] * np.cross((0.0, 0.0, 1.0), ahead) + (0.0, 0.0, clip.eye[2])
    out = []
    for frame in range(first, first + count_of(clip), every):
        show(tracks, frame, state, renderer.window)
        look(renderer, eyes[frame], target[frame])
        renderer.render(scene)
        out.append(np.array(renderer.frames.numpy()["rgb"][0, 0]))
    return out


def titled(image: np.ndarray, title: str) -> np.ndarray:
    """A picture with its clip's name."""
    import cv2

    out = np.ascontiguousarray(image)
    for color, off in (((0, 0, 0), 1), ((255, 255, 255), 0)):
        at = (14 + off, out.shape[0] - 16 + off)
        cv2.putText(out, title, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7, color, 1, cv2.LINE_AA)
    return out


def film(names: list[str], quality: str, out: Path) -> None:
    """Render clips and put them in their places of the film."""
    counts = [count_of(clip) for clip in CLIPS]
    with TemporaryDirectory() as folder:
        parts = [Path(folder) / f"{i}.mp4" for i in range(len(CLIPS))]
        if names:
            for part, data in zip(parts, split_video(out, counts), strict=True):
                part.write_bytes(data)
        for clip, part in zip(CLIPS, parts, strict=True):
            if not names or clip.name in names:
                begun = time.monotonic()
                frames = [titled(image, clip.name) for image in pictures(clip, SIZE, quality)]
                part.write_bytes(encode_video(frames, RATE, crf=CRF, group=250))
                print(
                    f"{clip.name}: {len(frames)} frames, {time.monotonic() - begun:.0f} s, {part.stat().st_size / 1e3:.0f} kB",
                    flush=True,
                )
        out.write_bytes(join_videos(parts))
    sheet(out, counts, out.with_suffix(".jpg"))


def sheet(video: Path, counts: list[int], out: Path) -> None:
    """Key frames of each clip, a row each."""
    import cv2

    frames, first, rows = decode_video(video), 0, []
    for count in counts:
        chosen = [frames[first + int(k * count)] for k in KEYS]
        rows.append(
            np.hstack([cv2.resize(f, (SIZE[0] // 2, SIZE[1] // 2), interpolation=cv2.INTER_AREA) for f in chosen])
        )
        first += count
    cv2.imwrite(str(out), np.vstack(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])


def preview(clip: Clip, folder: Path) -> None:
    """A strip of small pictures of a clip, five a second."""
    import cv2

    frames = pictures(clip, (SIZE[0] // 2, SIZE[1] // 2), "fast", every=5)
    while len(frames) % 4:
        frames.append(np.zeros_like(frames[0]))
    rows = [np.hstack(frames[i : i + 4]) for i in range(0, len(frames), 4)]
    cv2.imwrite(str(folder / f"{clip.name.replace(' ', '-').replace('/', '')}.png"), np.vstack(rows)[..., ::-1])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="clips by name, or the beginning of it")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--preview", type=Path, help="folder for strips of small pictures; no film")
    parser.add_argument("--audit", action="store_true", help="measure; no film")
    parser.add_argument("--out", type=Path, default=HERE / "reel.mp4")
    args = parser.parse_args()
    wp.config.log_level = wp.LOG_WARNING
    chosen = [c for c in CLIPS if not args.only or any(c.name.startswith(name) for name in args.only)]
    if not chosen:
        parser.error(f"no such clip: {', '.join(c.name for c in CLIPS)}")
    if args.audit:
        from reel_audit import audit

        for clip in chosen:
            print(f"{clip.name}: {audit(batch_of(clip), clip.start + clip.length).line()}", flush=True)
    elif args.preview is not None:
        args.preview.mkdir(parents=True, exist_ok=True)
        for clip in chosen:
            preview(clip, args.preview)
    else:
        film([c.name for c in chosen] if args.only else [], args.quality, args.out)


if __name__ == "__main__":
    main()
