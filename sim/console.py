"""What the commands share: errors as one line, a quiet start of Warp, devices and sizes by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from sim.config import LABELS, USUAL_LABELS
from sim.errors import SwerveError

FAULT, STOPPED = 2, 130
"""Exit codes: of a user's mistake and of anything the machine refuses; of an interruption (128 + SIGINT)."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what a user or the machine can cause into one line and an exit code; only faults of Swerve keep their traceback."""
    try:
        yield
    except BrokenPipeError:
        raise
    except SwerveError as error:
        _fail(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}. Nothing was left half-written; the same command goes on from there")
    except MemoryError:
        _fail("there is not enough memory; try a smaller --size or fewer --draws")
    except KeyboardInterrupt:
        typer.echo(
            "stopped. What is written is whole; `swerve render` with the same options goes on from there", err=True
        )
        raise typer.Exit(STOPPED) from None


def _fail(message: str) -> None:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(FAULT) from None


class Commands(TyperGroup):
    """The commands, with errors as messages."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with plain_errors():
            return super().invoke(ctx)


def parse_outputs(text: str) -> tuple[str, ...]:
    """Labels of a data set from a list such as 'depth,flow'; 'all' and 'usual' stand for several, 'none' for none.

    Raises:
        SwerveError: naming what there is, if one is unknown or nothing is named; if 'none' stands beside others.
    """
    groups = {"all": LABELS, "usual": USUAL_LABELS, "none": ()}
    out: list[str] = []
    words = [word for word in re.split(r"[,\s]+", text.strip().lower()) if word]
    if not words:
        raise SwerveError(f"no outputs are named: choose some of {', '.join(LABELS)}, or all, usual, none")
    for word in words:
        if word not in groups and word not in LABELS:
            raise SwerveError(f"no output {word!r}: choose some of {', '.join(LABELS)}, or all, usual, none")
        out += groups.get(word, (word,))
    if "none" in words and out:
        raise SwerveError(f"outputs {text.strip()!r}: none goes with no other, leave it or the others out")
    return tuple(out)


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of '800x450'.

    Raises:
        SwerveError: if it is not two numbers from 16 to 8192.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip().lower())
    if not match:
        raise SwerveError(f"size {text!r} is not WIDTHxHEIGHT, such as 800x450")
    width, height = int(match[1]), int(match[2])
    if not (16 <= width <= 8192 and 16 <= height <= 8192):
        raise SwerveError(f"size {text}: width and height must lie between 16 and 8192 pixels")
    return width, height


def start_warp() -> None:
    """Start Warp without its greeting, and without its warning where a machine simply has no CUDA driver."""
    import ctypes
    import os

    import warp as wp

    wp.config.log_level = wp.LOG_WARNING
    try:
        ctypes.CDLL("libcuda.so.1")
        wp.init()
    except OSError:
        # The warning is written by native code, so its descriptor is what has to be quiet for a moment.
        keep, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        try:
            wp.init()
        finally:
            os.dup2(keep, 2)
            os.close(keep)
            os.close(null)


def find_device(name: str | None) -> Any:
    """The Warp device of a name.

    Raises:
        SwerveError: if this machine has none of that name.
    """
    import warp as wp

    try:
        return wp.get_device(name)
    except (ValueError, RuntimeError):
        wp.init()
        raise SwerveError(
            f"--device {name!r}: this machine has {', '.join(d.alias for d in wp.get_devices())}"
        ) from None


def explain_cold_start() -> None:
    """Say why the first run takes longer, if kernels have to be compiled."""
    import warp as wp

    cache = Path(wp.config.kernel_cache_dir) if wp.config.kernel_cache_dir else None
    if cache is None:
        import warp._src.build

        warp._src.build.init_kernel_cache()
        cache = Path(str(wp.config.kernel_cache_dir))
    if not any(cache.glob("wp_sim.*")):
        typer.echo(
            "First run: compiling the kernels for this machine, once (about a minute; cached afterwards).", err=True
        )


MAX_TOLD = 20
"""Draws whose outcome is told on the screen."""


def tell_outcomes(manifest: Path) -> None:
    """Say what happened in each draw, on standard error."""
    draws = json.loads(manifest.read_text(encoding="utf-8"))["draws"]
    for draw in draws[:MAX_TOLD]:
        events = "; ".join(f"{event['time']:.1f} s {event['text']}" for event in draw["events"])
        nothing, cut = "Nothing dangerous happened", draw["cut_at"]
        if cut is not None:
            nothing += f" before the cut at {cut:g} s (--duration); the scenario goes on"
        frames = "1 frame" if draw["frames"] == 1 else f"{draw['frames']} frames"
        typer.echo(f"{draw['id']}: {frames}. {events or nothing}", err=True)
    if len(draws) > MAX_TOLD:
        typer.echo(f"... and {len(draws) - MAX_TOLD} more draws", err=True)
