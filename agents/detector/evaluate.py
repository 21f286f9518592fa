"""How well detectors find what they have not seen: AP by class, with intervals over draws, and what tells two detectors apart."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from agents.detector.data import CLASSES, SHADINGS, Frame, choose, read_frames
from agents.detector.model import Detector, detect
from agents.detector.precision import Found, Matches, bootstrap, interval, match, scores
from agents.detector.train import bars, fingerprint, load, read_checkpoint, tensors
from agents.options import option
from sim.console import parse_size
from sim.errors import SwerveError

BATCH = 8
"""Pictures that are looked at together."""


@dataclass
class EvaluateOptions:
    """What to evaluate; each is an option of the command."""

    data: str = option("set", "folder that `swerve render` wrote")
    models: str = option(
        "runs/detector",
        "folders of detectors, separated by spaces; all are compared with the first. Of folders joined by commas, such as of several "
        "seeds, the mean counts",
    )
    part: str = option("val", "draws of the val split, or all draws of the scenario held back", ("val", "held"))
    shading: str = option("rgb", "pictures to look at", tuple(SHADINGS))
    json: str = option("", "file to write all figures to")
    threads: int = option(0, "CPU threads; 0: one per core")


def read_detector(path: Path) -> tuple[Detector, dict[str, Any]]:
    """A trained detector and the settings that it was trained with."""
    state = read_checkpoint(path)
    settings = state["settings"]
    if state["step"] < settings["steps"]:
        print(f"note: {path} has learnt {state['step']} of {settings['steps']} steps", file=sys.stderr)
    model = Detector(len(CLASSES), settings["width"])
    model.load_state_dict(state["model"])
    return model.eval(), settings


def look(model: Detector, images: np.ndarray, progress: Progress | None = None) -> list[Found]:
    """The boxes that a detector finds in pictures, uint8 (n, height, width, 3)."""
    out = []
    task = progress.add_task("Looking", total=len(images), detail="") if progress else None
    for first in range(0, len(images), BATCH):
        batch = torch.stack([tensors(image) for image in images[first : first + BATCH]])
        for found in detect(model, batch.contiguous(memory_format=torch.channels_last)):
            out.append(Found(*(part.numpy() for part in found)))
        if progress and task is not None:
            progress.update(task, completed=len(out))
    if progress and task is not None:
        progress.remove_task(task)
    return out


def evaluate(options: EvaluateOptions) -> dict[str, Any]:
    """Figures of every detector on the same pictures.

    Returns:
        ``pictures``, ``draws``, ``classes`` (boxes to be found and draws with one) and ``detectors``: of each, by class and 'mean',
        AP and AP50 with intervals, and of all but the first the difference to the first likewise.
    """
    root, words = Path(options.data), options.models.split()
    torch.set_num_threads(options.threads or os.cpu_count() or 1)
    groups = [[read_detector(Path(name) / "detector.pt") for name in word.split(",")] for word in words]
    settings = groups[0][0][1]
    for word, group in zip(words, groups, strict=True):
        differing = [k for k in ("hold_out", "size", "fingerprint") if any(s[k] != settings[k] for _, s in group)]
        if differing:
            raise SwerveError(
                f"{word}: differs from {words[0]} in {', '.join(differing)}; such detectors cannot be compared"
            )
    if fingerprint(root) != settings["fingerprint"]:
        print(f"note: {root} is not the data set that these detectors were trained on", file=sys.stderr)
    size = parse_size(settings["size"])
    frames = choose(read_frames(root, size), options.part, settings["hold_out"])
    with bars() as progress:
        images = load(frames, root, options.shading, size, progress)
        found = [[look(model, images, progress) for model, _ in group] for group in groups]
    return account(frames, found, words) | {
        "part": options.part,
        "shading": options.shading,
        "hold_out": settings["hold_out"],
    }


def account(
    frames: Sequence[Frame], found: Sequence[Sequence[Sequence[Found]]], names: Sequence[str]
) -> dict[str, Any]:
    """Figures of groups of detectors by name; see `evaluate`.

    Args:
        frames: The pictures.
        found: What each detector of each group found in each picture.
        names: Of the groups.
    """
    draws = sorted({frame.draw for frame in frames})
    number = [draws.index(frame.draw) for frame in frames]
    truth = [frame.boxes for frame in frames]
    matches = [[match(truth, each, number) for each in group] for group in found]
    ones = np.ones(len(draws))
    point = np.array([np.mean([scores(m, ones) for m in group], 0) for group in matches])
    samples = bootstrap(matches)
    classes = {name: _presence(m) for name, m in zip(CLASSES, matches[0][0], strict=True)}
    rows = {}
    for k, name in enumerate(names):
        rows[name] = {"scores": _figures(point[k], samples[:, k])}
        if len(matches[k]) > 1:
            each = [scores(m, ones)[-1, 1] for m in matches[k]]
            rows[name]["mean_AP50_of_each"] = [round(float(v), 4) for v in each]
        if k:
            rows[name]["against_first"] = _figures(point[k] - point[0], samples[:, k] - samples[:, 0])
    return {"pictures": len(frames), "draws": len(draws), "classes": classes, "detectors": rows}


def _presence(matches: Matches) -> dict[str, int]:
    return {"boxes": int(matches.present.sum()), "draws": int((matches.present > 0).sum())}


def _figures(point: np.ndarray, samples: np.ndarray) -> dict[str, Any]:
    """AP and AP50 by class and 'mean', each with its interval, of those classes that there are."""
    return {
        name: {
            kind: {"value": round(float(point[row, k]), 4), "interval": interval(samples[:, row, k])}
            for k, kind in enumerate(("AP", "AP50"))
        }
        for row, name in enumerate((*CLASSES, "mean"))
        if not np.isnan(point[row, 0])
    }


def _short(word: str) -> str:
    """A group of detectors on the screen."""
    return ",".join(Path(name).name for name in word.split(","))


def tell(result: dict[str, Any]) -> None:
    """Print AP50 of each class as a table, and what tells the detectors apart; ``--json`` has AP too."""
    console, table = Console(highlight=False), Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("AP50 (95 %)", style="bold")
    for head in ("boxes", "draws", *(_short(name) for name in result["detectors"])):
        table.add_column(head, justify="right")
    counts = result["classes"] | {"mean": {"boxes": "", "draws": result["draws"]}}
    rows = list(result["detectors"].items())
    for name in rows[0][1]["scores"]:
        figures = [shown(row["scores"][name]["AP50"]) for _, row in rows]
        table.add_row(name, str(counts[name]["boxes"]), str(counts[name]["draws"]), *figures)
    console.print(table)
    for name, row in rows[1:]:
        gap = shown(row["against_first"]["mean"]["AP50"])
        console.print(f"{_short(name)} less {_short(rows[0][0])}, mean: {gap}")


def shown(figure: dict[str, Any]) -> str:
    """A figure in percent with its interval."""
    low, high = figure["interval"]
    return f"{100 * figure['value']:.1f}" + ("" if low is None else f" ({100 * low:.1f} to {100 * high:.1f})")


def run(options: EvaluateOptions) -> dict[str, Any]:
    """Evaluate, tell and, if wanted, write down."""
    result = evaluate(options)
    tell(result)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
    return result
