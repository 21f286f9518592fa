"""Do the pictures teach? A detector trained on them against the same one trained on flat pictures, both run on the former.

    swerve render scenarios/ --draws 20 --fps 1 --duration 8 --size 320x192 --outputs flat --out set
    python benchmarks/detector.py --data set --out benchmarks/results/detector.json --picture docs/detector.jpg

Both see the same frames with the same labels in the same order for each seed, and differ in nothing but the pictures. Runs that are
already complete in --runs are kept, and interrupted ones go on.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from agents.detector.data import CLASSES, SHADINGS, Frame, choose, load_images, read_frames
from agents.detector.evaluate import EvaluateOptions, look, read_detector, run
from agents.detector.precision import Found
from sim.console import parse_size
from sim.errors import SwerveError, told_plainly
from sim.export.writer import encode_jpeg

PAIRS = (("val", "rgb"), ("held", "rgb"), ("val", "flat"), ("held", "flat"))
"""What is looked at: which draws, and which pictures of them."""
SHOWN = 0.4
"""Score from which a box is drawn."""
EXAMPLES = 4
"""Pictures of the figure."""


def train(args: argparse.Namespace) -> dict[str, Any]:
    """Train every shading and seed, those of a seed side by side; how each came about."""
    account: dict[str, Any] = {}
    for seed in args.seeds:
        running, started = [], time.perf_counter()
        for shading in SHADINGS:
            command = [
                "-m",
                "agents.detector",
                "train",
                "--data",
                str(args.data),
                "--hold-out",
                args.hold_out,
                "--shading",
                shading,
            ]
            command += ["--steps", str(args.steps), "--width", str(args.width), "--seed", str(seed), "--threads", "1"]
            command += ["--size", args.size, "--out", str(args.runs / f"{shading}-{seed}")]
            print("$ python", shlex.join(command), flush=True)
            running.append(
                subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL if args.quiet else None)
            )
            account[f"{shading}-{seed}"] = {"command": f"python {shlex.join(command)}"}
        if any([process.wait() for process in running]):
            raise SwerveError("a training run failed")
        for shading in SHADINGS:
            account[f"{shading}-{seed}"]["seconds_side_by_side"] = round(time.perf_counter() - started, 1)
    return account


def draw_boxes(image: np.ndarray, found: Found, scale: int) -> np.ndarray:
    """A picture, enlarged, with boxes, classes and scores."""
    out = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    colors = [
        (255, 90, 60),
        (255, 200, 0),
        (60, 220, 255),
        (255, 0, 255),
        (120, 255, 60),
        (255, 160, 160),
        (200, 200, 255),
    ]
    for box, score, label in zip(found.box, found.score, found.label, strict=True):
        if score < SHOWN:
            continue
        x0, y0, x1, y1 = (int(v) for v in box * scale)
        cv2.rectangle(out, (x0, y0), (x1, y1), colors[label], 2)
        text = f"{CLASSES[label]} {score:.2f}"
        cv2.putText(out, text, (x0, max(12, y0 - 4)), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colors[label], 1, cv2.LINE_AA)
    return out


def picture(data: Path, runs: Sequence[Path], held: str, path: Path) -> None:
    """Pictures of several scenarios not seen in training, with what each detector finds: the first left, the second right."""
    models = [read_detector(run / "detector.pt") for run in runs]
    size = parse_size(models[0][1]["size"])
    frames = read_frames(data, size)
    best: dict[str, Frame] = {}
    for frame in choose(frames, "held", held) + choose(frames, "val", held):
        if len(frame.boxes.box) > len(best[frame.scenario].boxes.box if frame.scenario in best else ()):
            best[frame.scenario] = frame
    chosen = sorted(best.values(), key=lambda f: (f.scenario != held, -len(f.boxes.box)))[:EXAMPLES]
    images = load_images(data, chosen, "rgb", size)
    found = [look(model, images) for model, _ in models]
    rows = [np.hstack([draw_boxes(i, f[k], 2) for f in found]) for k, i in enumerate(images)]
    for quality in range(85, 20, -5):
        coded = encode_jpeg(np.vstack(rows), quality)
        if len(coded) <= 150_000:
            break
    path.write_bytes(coded)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="data set, with flat pictures")
    parser.add_argument("--hold-out", default="child-between-parked-cars", help="scenario held back")
    parser.add_argument("--runs", type=Path, default=Path("runs/detector"), help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="seeds to train with; means count")
    parser.add_argument("--steps", type=int, default=1500, help="batches of each run")
    parser.add_argument("--width", type=int, default=32, help="channels of the feature pyramid")
    parser.add_argument("--size", default="320x192", help="width and height of the pictures as the detector sees them")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--out", type=Path, help="write the result here")
    parser.add_argument("--picture", type=Path, help="write a picture of detections here (.jpg)")
    return parser.parse_args(argv)


def main() -> None:
    args = parse()
    from sim.bench import commit, machine

    runs = train(args)
    groups = {shading: [args.runs / f"{shading}-{seed}" for seed in args.seeds] for shading in ("flat", "rgb")}
    models = " ".join(",".join(str(path) for path in group) for group in groups.values())
    results = []
    for part, shading in PAIRS:
        print(f"\n{part}, {shading} pictures", flush=True)
        result = run(EvaluateOptions(str(args.data), models, part, shading, threads=1))
        result["detectors"] = dict(zip(groups, result["detectors"].values(), strict=True))
        results.append(result)
    manifest = json.loads((args.data / "manifest.json").read_bytes())
    frames = choose(read_frames(args.data, parse_size(args.size)), "train", args.hold_out)
    account = {
        "machine": {**machine(), "torch": torch.__version__, "load_average": os.getloadavg()[1]},
        "commit": commit(),
        "command": shlex.join(["python", "benchmarks/detector.py", *sys.argv[1:]]),
        "data": {"fingerprint": manifest["fingerprint"], "config": manifest["config"], "draws": len(manifest["draws"])},
        "trained_on": {"pictures": len(frames), "draws": len({f.draw for f in frames})},
        "runs": runs,
        "results": results,
    }
    if args.out:
        args.out.write_text(json.dumps(account, indent=1) + "\n")
    if args.picture:
        picture(args.data, [groups["rgb"][0], groups["flat"][0]], args.hold_out, args.picture)


if __name__ == "__main__":
    with told_plainly():
        main()
