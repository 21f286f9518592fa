"""Who walks the streets: a recipe each."""

from __future__ import annotations

import people_joints as pj
from people import Person

BUSINESSMAN = Person("man_suit", "reallusion/male02", pj.BUSINESSMAN, ["man", "adult"], 1.82, 80.0)
GIRL = Person(
    "girl", "reallusion/girlStanding", pj.GIRL, ["girl", "child"], 1.28, 27.0, head_size=1.16,
    drop=[("RL_Lower", 0.685, 2.0, 0.3)],
    cover=[("RL_Skin", 0.84, 1.1, 0.125, (0.5, 0.54, 0.66))],
)  # fmt: skip
BOY = Person("boy", "reallusion/boyStanding", pj.BOY, ["boy", "child"], 1.33, 30.0, head_size=1.14)

ALL = [BUSINESSMAN, GIRL, BOY]
