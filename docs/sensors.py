"""Makes `docs/sensors.jpg`: what lidar and radar see, from above.

python docs/sensors.py [--out FILE]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sim.config import DatasetConfig
from sim.export.dataset import render_dataset
from sim.export.folder import tracks_path
from sim.export.plan import plan_replay
from sim.export.topview import TopView
from sim.export.tracks import Tracks
from sim.sampling import pack_worlds

PANELS = (
    ("child-between-parked-cars", "spin64", "long+short", 5),
    ("wrong-way-driver-in-fog", "spin64", "surround", 9),
    ("cut-in-wet-motorway", "spin128", "imaging", 5),
)
"""Scenario, lidar, radar, and the frame at two per second."""
HEIGHT = 560
"""Of each panel [pixels]."""


def panel(scenario: str, lidar: str, radar: str, frame: int) -> np.ndarray:
    """The view from above at a frame, (HEIGHT, HEIGHT, 3)."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        render_dataset(
            [scenario], root, size=(64, 64), fps=2.0, duration=(frame + 1) / 2, quality="fast", lidar=lidar, radar=radar, quiet=True
        )  # fmt: skip
        plan = plan_replay(root / "manifest.json")
        config: DatasetConfig = plan.config
        draw = plan.draws[0]
        batch = pack_worlds([[draw.spec]], [draw.key], None, plan.sim_config)
        tracks = Tracks.decode(tracks_path(root, draw).read_bytes())
        return TopView(root, draw.id, tracks, batch.actor_specs[0][0], config, HEIGHT).frame(frame)


def main() -> None:
    """Render and write."""
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".jpg"))
    args = parser.parse_args()
    picture = np.concatenate([panel(*row) for row in PANELS], axis=1)
    Image.fromarray(picture).save(args.out, quality=85)


if __name__ == "__main__":
    main()
