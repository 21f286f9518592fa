"""Training of the detector: the same pictures in the same order for the same seed, interrupted or not."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor

from agents.detector.data import CLASSES, SHADINGS, Boxes, Frame, choose, load_images, read_frames, vary
from agents.detector.model import STRIDES, Detector
from agents.detector.targets import Targets, assign, loss_of
from agents.options import option
from sim.console import parse_size
from sim.errors import SwerveError

WARM_UP = 100
"""Steps over which the learning rate rises."""
GRADIENT = 10.0
"""Length that gradients are cut to."""


@dataclass
class TrainOptions:
    """Settings of a run; each is an option of the command."""

    data: str = option("set", "folder that `swerve render` wrote")
    out: str = option("runs/detector", "folder for the detector; what an interrupted run left there is gone on with")
    shading: str = option("rgb", "pictures to train on", tuple(SHADINGS))
    hold_out: str = option("", "scenario none of whose frames are trained on")
    steps: int = option(3000, "batches to learn from")
    batch: int = option(8, "pictures per batch")
    learning_rate: float = option(
        1e-3, "step size of AdamW; it rises over the first steps, then falls to zero as a cosine"
    )
    weight_decay: float = option(0.02, "of AdamW")
    size: str = option("320x192", "width and height that pictures are brought to, multiples of 32")
    width: int = option(64, "channels of the feature pyramid, a multiple of 16; the network grows in proportion")
    seed: int = option(1, "seed of weights, order and variation of pictures")
    save_every: int = option(250, "steps between checkpoints")
    threads: int = option(0, "CPU threads; 0: one per core")

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "save_every"):
            if getattr(self, name) < 1:
                raise SwerveError(f"--{name.replace('_', '-')} must be 1 or more, not {getattr(self, name)}")
        if self.width < 16 or self.width % 16:
            raise SwerveError(f"--width must be a multiple of 16, not {self.width}")
        if any(side % STRIDES[-1] for side in parse_size(self.size)):
            raise SwerveError(f"--size {self.size}: both sides must be multiples of {STRIDES[-1]}")


FREE = ("out", "save_every", "threads", "data")
"""Settings that an interrupted run may go on without."""


def fingerprint(root: Path) -> str:
    """What tells a data set from others."""
    try:
        return json.loads((root / "manifest.json").read_bytes())["fingerprint"]
    except (OSError, ValueError, KeyError):
        raise SwerveError(f"{root}: holds no complete data set of `swerve render`") from None


def tensors(image: np.ndarray) -> Tensor:
    """A picture (height, width, 3) as (3, height, width) floats."""
    return torch.from_numpy(np.ascontiguousarray(image)).float().permute(2, 0, 1)


def targets_of(boxes: Boxes, size: tuple[int, int]) -> Targets:
    """What the detector should say of a picture of this width and height."""
    box, label, ignored = (torch.from_numpy(a) for a in (boxes.box, boxes.label, boxes.ignored))
    return assign(box, label, ignored, size[1], size[0])


class Trainer:
    """Learns from pictures in memory.

    Args:
        options: Settings.
        images: uint8 (n, height, width, 3).
        boxes: Of each.
        identity: Of the data set; a checkpoint of another is refused.
    """

    def __init__(self, options: TrainOptions, images: np.ndarray, boxes: list[Boxes], identity: str = "") -> None:
        torch.manual_seed(options.seed)
        self.options, self.images, self.boxes = options, images, boxes
        self.size = images.shape[2], images.shape[1]
        self.model = Detector(len(CLASSES), options.width)
        decay = [p for p in self.model.parameters() if p.ndim > 1]
        rest = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": options.weight_decay}, {"params": rest, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, options.learning_rate)
        self.step = 0
        self.settings = {k: v for k, v in asdict(options).items() if k not in FREE} | {"fingerprint": identity}

    def rate(self) -> float:
        """Learning rate of the next step."""
        done = self.step / self.options.steps
        return self.options.learning_rate * min(1.0, (self.step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))

    def batch(self) -> tuple[Tensor, list[Targets]]:
        """Pictures of the next step, varied, and what to say of them: a function of the seed and the step alone."""
        n, size = len(self.images), self.options.batch
        rng = np.random.default_rng((self.options.seed, self.step))
        pictures, targets = [], []
        for k in range(self.step * size, (self.step + 1) * size):
            order = np.random.default_rng((self.options.seed, 1, k // n)).permutation(n)
            image, boxes = vary(self.images[order[k % n]], self.boxes[order[k % n]], rng)
            pictures.append(tensors(image))
            targets.append(targets_of(boxes, self.size))
        return torch.stack(pictures).contiguous(memory_format=torch.channels_last), targets

    def learn(self) -> dict[str, float]:
        """One step; its losses."""
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        images, targets = self.batch()
        logits, codes = self.model(images)
        losses = loss_of(logits, codes, targets, images.shape[2], images.shape[3])
        self.optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT)
        self.optimizer.step()
        self.step += 1
        return {name: loss.item() for name, loss in losses.items()}

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {"settings": self.settings, "step": self.step, "model": self.model.state_dict()}
        temporary = path.with_suffix(".tmp")
        torch.save(state | {"optimizer": self.optimizer.state_dict()}, temporary)
        os.replace(temporary, path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            SwerveError: if it is of a run with other settings.
        """
        state = read_checkpoint(path)
        changed = [k for k, v in self.settings.items() if state["settings"].get(k) != v]
        if changed:
            raise SwerveError(f"{path}: holds a run with other settings ({', '.join(changed)}); choose another --out")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What `Trainer.save` wrote.

    Raises:
        SwerveError: if it is something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {key: state[key] for key in ("settings", "step", "model", "optimizer")}
    except FileNotFoundError:
        raise SwerveError(f"{path}: there is no such detector; `python -m agents.detector train` makes one") from None
    except Exception as error:  # whatever torch raises about a file that is not its own
        raise SwerveError(f"{path}: is no checkpoint of a detector ({type(error).__name__})") from None


def bars() -> Progress:
    """Progress on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
    )
    more = (TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[detail]}"))
    return Progress(*columns, *more, console=Console(stderr=True))


def load(frames: list[Frame], root: Path, shading: str, size: tuple[int, int], progress: Progress) -> np.ndarray:
    """Pictures in memory, with a bar; see `load_images`."""
    task = progress.add_task("Reading pictures", total=len(frames), detail="")
    images = load_images(root, frames, shading, size, lambda count: progress.advance(task, count))
    progress.remove_task(task)
    return images


def train(options: TrainOptions) -> Path:
    """Train, or go on training; the detector's path."""
    root, out, size = Path(options.data), Path(options.out), parse_size(options.size)
    torch.set_num_threads(options.threads or os.cpu_count() or 1)
    identity = fingerprint(root)
    frames = choose(read_frames(root, size), "train", options.hold_out)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "detector.pt"
    with bars() as progress:
        trainer = Trainer(
            options, load(frames, root, options.shading, size, progress), [f.boxes for f in frames], identity
        )
        if path.is_file():
            trainer.resume(path)
            progress.console.print(f"going on from step {trainer.step} of {path}", highlight=False)
        (out / "settings.json").write_text(json.dumps(asdict(options), indent=2))
        task = progress.add_task("Training", total=options.steps, completed=trainer.step, detail="")
        while trainer.step < options.steps:
            losses = trainer.learn()
            told = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
            progress.update(task, completed=trainer.step, detail=told)
            if not all(map(math.isfinite, losses.values())):
                raise SwerveError(f"step {trainer.step}: the loss is not finite; try a smaller --learning-rate")
            if trainer.step % options.save_every == 0 or trainer.step == options.steps:
                trainer.save(path)
    return path
