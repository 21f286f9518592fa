"""Options of the training commands: the fields of a dataclass, each with its meaning."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")


def option(default: Any, meaning: str, choices: Sequence[str] = ()) -> Any:
    """A field that is an option of the command.

    Args:
        default: Its value where the command says nothing; the option has its type.
        meaning: What it is, with its unit.
        choices: The only values it may have; empty: any.
    """
    return field(default=default, metadata={"meaning": meaning, "choices": tuple(choices)})


@dataclass
class WorldOptions:
    """What every training command asks about the worlds that it drives."""

    scenario: str = option(
        "cut-in-wet-motorway", "scenario files (.yaml, .xosc) or ids that `swerve list` shows, separated by spaces"
    )
    num_envs: int = option(64, "worlds that are driven side by side")
    gamma: float = option(0.99, "discount of reward per decision, 0 to 1")
    seed: int = option(1, "seed of worlds and learning, a whole number; evaluation takes another")


def parse_options(settings: type[T], about: str | None, argv: Sequence[str] | None = None) -> T:
    """Settings from command-line options; ``--help`` gives each option's meaning, choices and default.

    Args:
        settings: A dataclass whose fields are made by `option`.
        about: What the command does.
        argv: The words of the command line; None: those of this process.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for item in fields(settings):  # type: ignore[arg-type]
        default, choices = item.default, item.metadata["choices"]
        shown = "" if default == "" else f" (default {default})"
        parser.add_argument(
            f"--{item.name.replace('_', '-')}", type=type(default), default=default, choices=choices or None,
            metavar=None if choices else {int: "N", float: "X"}.get(type(default), "TEXT"),  # type: ignore[call-overload]
            help=f"{item.metadata['meaning']}{shown}".replace("%", "%%"),
        )  # fmt: skip
    return settings(**vars(parser.parse_args(argv)))
