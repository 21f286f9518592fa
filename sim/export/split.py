"""Which draws are for training and which for validation: of every `EVERY` draws of a scenario, one validates.

Frames of one draw are alike, so a draw is in one split as a whole. Which of five it is depends on the seed, the scenario and
the five alone: a data set of more draws puts the first ones where a smaller one has them.
"""

from __future__ import annotations

from sim.random import Stream

SPLITS = ("train", "val")
EVERY = 5
"""Of so many draws of a scenario that follow one another, the first being a multiple of it, one is for validation."""


def split_of(seed: int, scenario: str, key: int) -> str:
    """One of `SPLITS`.

    Args:
        seed: Of the data set.
        scenario: What the ids of the scenario's draws begin with.
        key: Number of the draw.
    """
    chosen = Stream(seed, key // EVERY).integer(f"split of {scenario}", EVERY)
    return "val" if key % EVERY == chosen else "train"
