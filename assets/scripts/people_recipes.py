"""Who walks the streets: a recipe each."""

from __future__ import annotations

from dataclasses import replace

import gait
import people_joints as pj
from neutral import Pose
from people import Hidden, Person, Tint

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

# The same people in other clothes and with other hair.
DRESSED = [
    replace(MEN[1], name="man_jacket_olive", height=1.74, tint=[
        Tint("^1$", -150.0, 0.55, 0.8, (0.0, 0.0, 1.0, 0.49)),
            Tint("^1$", 0.0, 0.5, 0.55, (0.0, 0.49, 0.6, 1.0)), Tint("^27$", 0.0, 0.3, 0.6),
    ]),
    replace(MEN[2], name="man_cardigan_blue", height=1.83, tint=[
        Tint("08", 185.0, 2.2, 0.85, (0.0, 0.0, 0.585, 0.5)),
            Tint("08", 185.0, 2.2, 0.85, (0.6, 0.0, 0.97, 0.5)), Tint("hair", 0.0, 0.8, 0.4),
    ]),
    replace(WOMEN[0], name="woman_jeans_teal", height=1.71, tint=[
        Tint("^1$", 165.0, 0.6, 0.75, (0.0, 0.0, 1.0, 0.6), over=0.6), Tint("^11$", 10.0, 0.6, 0.45),
    ]),
    replace(WOMEN[0], name="woman_elderly", kinds=["elderly", "woman"], height=1.6,
            mass=63.0, walk=gait.ELDERLY, run=None, lean=7.0, nod=-4.0,
            tint=[Tint("^1$", 250.0, 0.35, 0.8, (0.0, 0.0, 1.0, 0.6), over=0.6),
                Tint("^1$", 0.0, 0.25, 0.6, (0.0, 0.5, 0.6, 1.0)), Tint("^11$", 0.0, 0.08, 1.9)]),
    replace(CHILDREN[0], name="girl_pink", height=1.14, mass=20.0, head_size=1.24, tint=[
        Tint("RL_Upper", 130.0, 0.9, 1.05), Tint("RL_Hair", 5.0, 0.7, 0.5), Tint("RL_Lower", 0.0, 1.0, 1.3),
    ]),
    replace(CHILDREN[1], name="boy_green", height=1.22, mass=24.0, head_size=1.2, tint=[
        Tint("RL_Upper", 95.0, 1.1, 1.7), Tint("RL_Lower", 200.0, 6.0, 1.1), Tint("RL_Hair", 0.0, 1.1, 1.5),
    ]),
]  # fmt: skip

ALL = [*MEN, *WOMEN, *CHILDREN, *OLD, *DRESSED]
