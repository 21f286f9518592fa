"""Who walks the streets: a recipe each."""

from __future__ import annotations

from dataclasses import replace

import gait
import people_joints as pj
from neutral import Pose
from people import Hidden, Person, Tint
from people_looks import LOOKS

MEN = [
    Person("man_suit", "reallusion/male02", pj.BUSINESSMAN, ["man", "adult"], 1.82, 80.0, Pose(head=(-14.0, 0.0, 0.0))),
    Person(
        "man_jacket", "reallusion/male01", pj.JACKET_MAN, ["man", "adult"], 1.79, 77.0, Pose(head=(-24.0, 0.0, 0.0))
    ),
    Person("man_cardigan", "reallusion/holdingMale01", pj.CARDIGAN_MAN, ["man", "adult"], 1.76, 72.0),
]
WOMEN = [
    Person(
        "woman_jeans",
        "reallusion/female01",
        pj.JEANS_WOMAN,
        ["woman", "adult"],
        1.66,
        60.0,
        Pose(head=(80.0, 10.0, 0.0), foot={"l": (32.0, 0.0)}),
        hidden=[Hidden("^1$", 0.155, 0.3, 0.6), Hidden("^1$", 1.06, 0.95, 1.36)],
    ),
    Person(
        "woman_leather",
        "reallusion/female03",
        pj.LEATHER_WOMAN,
        ["woman", "adult"],
        1.68,
        61.0,
        Pose(palm={"l": 75.0}),
        walk=gait.HEELS,
    ),
    Person(
        "woman_dress",
        "reallusion/female02",
        pj.DRESS_WOMAN,
        ["woman", "adult"],
        1.70,
        62.0,
        Pose(foot={"r": (36.0, 0.0)}),
        hidden=[Hidden("^1$", 0.685, 0.3, 1.0)],
        walk=gait.HEELS,
    ),
]
CHILDREN = [
    Person(
        "girl", "reallusion/girlStanding", pj.GIRL, ["girl", "child"], 1.28, 27.0, head_size=1.16, hands="RL_Skin02",
        hidden=[Hidden("RL_Lower", 0.675, 0.3), Hidden("RL_Lower", 0.6, 9.0, start=0.5, dark=42.0)],
        cover=[("RL_Skin", 0.84, 1.1, 0.125, (0.5, 0.54, 0.66))],
    ),
    Person("boy", "reallusion/boyStanding", pj.BOY, ["boy", "child"], 1.33, 30.0, head_size=1.14, hands="RL_Skin01",
           tint=[Tint("RL_(Upper|Lower)", 0.0, 1.0, 1.4)]),
]  # fmt: skip
OLD = [
    Person(
        "man_elderly", "reallusion/holdingMale01", pj.CARDIGAN_MAN, ["elderly", "man"], 1.70, 70.0, walk=gait.ELDERLY, run=None,
        tint=[Tint("hair", 0.0, 0.12, 1.25)], lean=7.0, nod=-4.0,
    ),
]  # fmt: skip

# The same woman with other hair and another gait.
DRESSED = [
    replace(WOMEN[0], name="woman_elderly", kinds=["elderly", "woman"], height=1.6,
            mass=63.0, walk=gait.ELDERLY, run=None, lean=7.0, nod=-4.0,
            tint=[Tint("^1$", 250.0, 0.35, 0.8, (0.0, 0.0, 1.0, 0.6), over=0.6),
                Tint("^1$", 0.0, 0.25, 0.6, (0.0, 0.5, 0.6, 1.0)), Tint("^11$", 0.0, 0.08, 1.9)]),
]  # fmt: skip

ALL = [replace(person, variants=LOOKS.get(person.name, [])) for person in (*MEN, *WOMEN, *CHILDREN, *OLD, *DRESSED)]
