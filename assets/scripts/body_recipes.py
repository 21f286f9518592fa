"""Whom MakeHuman's bodies become: ages, builds, skins, hair and clothes, a recipe each."""

from __future__ import annotations

from collections.abc import Callable

import gait
import garments as ga
import numpy as np
import numpy.typing as npt
from bodies import Figure
from garments import Shell, shoes, skirt, top, trousers
from makehuman import Human, Shape
from neutral import Pose
from pack import look
from paint import Color, checks, cloth, face, hair, line, patch, stripes, worn
from people import Person, Tint

DENIM, BLACK, GREY, NAVY, BEIGE = (
    (0.2, 0.27, 0.4),
    (0.09, 0.09, 0.1),
    (0.42, 0.43, 0.45),
    (0.12, 0.15, 0.26),
    (0.66, 0.58, 0.45),
)


def limbs(arm: float, leg: float) -> Callable[[Human], npt.NDArray[np.bool_]]:
    """Skin that shows below sleeves and trousers: places as of `garments.reach`."""

    def shown(h: Human) -> npt.NDArray[np.bool_]:
        return (ga.reach(h, h.weights, h.points, "arm") > arm) | (ga.reach(h, h.weights, h.points, "leg") > leg)

    return shown


Wear = Callable[[Human], list[Shell]]


def outfit(
    leg: float,
    sleeve: float,
    hem: float,
    *,
    wide: float = 0.022,
    thick: float = 0.012,
    belly: float = 0.012,
    length: float = 0.0,
    crease: float = 0.013,
) -> Wear:
    """Trousers or a skirt, a top, shoes.

    Args:
        leg: Where trousers end, of `garments.reach`; 0: none.
        sleeve: Where sleeves end.
        hem: Of the top, as of `garments.top`.
        wide: Of the trousers' hems [m].
        thick: Of the top [m].
        belly: How much wider the top is at its hem [m].
        length: Of a skirt; 0: none.
        crease: Depth of the top's folds [m].
    """

    def wear(h: Human) -> list[Shell]:
        out: list[Shell] = []
        waist = ga.hem_of(h, hem) + (0.012 if length else 0.03)
        if length:
            out = [skirt(h, "skirt", length, leg, waist)]
        if leg > 0.5:
            out = [*out, trousers(h, "trousers", leg, 0.004, wide, 0.011, 3.0 + leg, waist)]
        return [*out, top(h, "top", sleeve, hem, thick, crease, 5.0 + hem, belly), shoes(h, "shoes")]

    return wear


def plain(skin: Color, shoe: Color = (0.12, 0.11, 0.1), iris: Color = (0.09, 0.06, 0.04)) -> dict[str, Color]:
    """Looks without picture."""
    return {"skin": skin, "eye": (0.85, 0.83, 0.8), "iris": iris, "shoes": shoe}


def jeans(color: Color = DENIM, seed: int = 2) -> npt.NDArray[np.uint8]:
    """Washed denim."""
    return cloth(color, worn(0.55, 0.85), seed=seed, weave=0.12)


def skins(value: float, saturation: float = 1.1) -> list[Tint]:
    """Another tone of skin, for face and limbs."""
    return [Tint("^(face|skin)$", 0.0, saturation, value)]


def dyed(look: str, hue: float, saturation: float = 1.0, value: float = 1.0) -> Tint:
    """Another colour of a garment."""
    return Tint(f"^{look}$", hue, saturation, value)


DARK_SKIN, BROWN_SKIN, TAN_SKIN = (0.42, 0.28, 0.21), (0.58, 0.41, 0.31), (0.74, 0.56, 0.44)
FAIR_SKIN, PALE_SKIN = (0.86, 0.69, 0.59), (0.9, 0.75, 0.67)
BLACK_HAIR, BROWN_HAIR, BLOND_HAIR, GREY_HAIR = (
    (0.07, 0.06, 0.06),
    (0.24, 0.16, 0.11),
    (0.62, 0.49, 0.32),
    (0.72, 0.71, 0.69),
)
ADULT = {"young": 1.0}

ALL = [
    Figure(
        Person("man_hoodie", "", {}, ["man", "adult"], 1.87, 82.0, Pose(), variants=[
            look("man_hoodie_red", [dyed("top", 160.0, 4.0, 0.9), dyed("trousers", 0.0, 0.2, 0.5)], kinds=["man", "adult"], height=1.8,
                mass=80.0, wear=["backpack"]),
            look("man_hoodie_grey", [dyed("top", 0.0, 0.2, 1.5), dyed("trousers", 20.0, 0.6, 0.6)], kinds=["man", "adult"], height=1.76,
                mass=74.0, wear=["cap"]),
            look("worker_hoodie", [dyed("top", 40.0, 1.0, 0.8), dyed("trousers", -190.0, 0.5, 0.9)], kinds=["worker"], height=1.85,
                mass=88.0, wear=["vest", "hard_hat"]),
        ]),
        Shape("male", ADULT, {"averageweight": 0.7, "minweight": 0.3}, {"averagemuscle": 0.6, "maxmuscle": 0.4}, {"african": 1.0}),
        outfit(1.93, 1.93, 0.22),
        lambda: {
            "face": face(DARK_SKIN, BLACK_HAIR, beard=0.35, seed=11), "hair": hair(BLACK_HAIR, 11),
            "top": cloth((0.3, 0.33, 0.35), line(0.0, 0.006, 0.05, 0.5, BLACK), patch(0.11, 0.37, 0.055, 0.06, (0.25, 0.28, 0.3)), seed=1),
            "trousers": jeans(),
        },
        plain(DARK_SKIN, (0.75, 0.74, 0.72)),
    ),
    Figure(
        Person("man_heavy", "", {}, ["man", "adult"], 1.76, 101.0, Pose(abduction=13.0), variants=[
            look("man_heavy_green", [dyed("top", -90.0, 1.2, 0.7), *skins(0.8)], kinds=["man", "adult"], height=1.72, mass=97.0,
                wear=["cap"]),
            look("man_heavy_sitting", [dyed("top", 140.0, 1.4, 0.6)], kinds=["sitting"], height=1.8, mass=106.0, posture="sitting"),
        ]),
        Shape("male", {"young": 0.55, "old": 0.45}, {"maxweight": 1.0}, {"averagemuscle": 1.0}, {"caucasian": 0.8, "african": 0.2}),
        outfit(1.93, 0.75, 0.24, wide=0.015, thick=0.008, belly=0.004),
        lambda: {
            "face": face(FAIR_SKIN, BROWN_HAIR, beard=0.55, age=0.35, seed=21), "hair": hair(BROWN_HAIR, 21),
            "top": cloth((0.62, 0.66, 0.72), checks(11.0, (0.2, 0.28, 0.45)), line(0.0, 0.012, 0.05, 0.5, (0.5, 0.55, 0.63)), seed=4),
            "trousers": cloth((0.33, 0.29, 0.24), seed=5),
        },
        plain(FAIR_SKIN),
        "short",
        limbs(0.7, 3.0),
    ),
    Figure(
        Person("man_grey", "", {}, ["elderly", "man"], 1.69, 68.0, Pose(), walk=gait.ELDERLY, run=None, lean=7.0, nod=-4.0, variants=[
            look("man_grey_coat", [dyed("top", 190.0, 1.6, 0.55), *skins(0.72)], kinds=["elderly", "man"], height=1.64, mass=66.0,
                wear=["sun_hat"]),
        ]),
        Shape("male", {"old": 1.0}, {"averageweight": 1.0}, {"minmuscle": 0.6, "averagemuscle": 0.4}, {"asian": 0.5, "caucasian": 0.5}),
        outfit(1.93, 1.95, 0.34, thick=0.018, belly=0.02),
        lambda: {
            "face": face((0.82, 0.64, 0.53), GREY_HAIR, brow=0.5, age=0.9, seed=31), "hair": hair(GREY_HAIR, 31),
            "top": cloth(BEIGE, line(0.0, 0.007, 0.04, 0.6, (0.4, 0.34, 0.25)), line(0.04, 0.008, 0.1, 0.55, (0.3, 0.25, 0.2), share=0.5),
                         patch(0.1, 0.42, 0.05, 0.012, (0.45, 0.38, 0.28)), seed=6),
            "trousers": cloth(GREY, seed=7),
        },
        plain((0.82, 0.64, 0.53)),
        "short",
    ),
    Figure(
        Person("woman_coat", "", {}, ["woman", "adult"], 1.68, 61.0, Pose(), walk=gait.HEELS, variants=[
            look("woman_coat_red", [dyed("top", -35.0, 2.0, 0.8), dyed("hair", 0.0, 0.5, 0.35), *skins(0.85)], kinds=["woman", "adult"],
                height=1.63, mass=58.0, wear=["handbag"]),
            look("woman_coat_navy", [dyed("top", 190.0, 1.2, 0.45), dyed("hair", 0.0, 1.2, 2.2), dyed("trousers", 0.0, 1.0, 2.5)],
                kinds=["woman", "adult"], height=1.74, mass=66.0, wear=["shopping_bag"]),
            look("woman_coat_phone", [dyed("top", 0.0, 0.1, 1.1), *skins(0.62)], kinds=["woman", "adult"], height=1.66, mass=60.0,
                posture="phone", wear=["phone"]),
        ]),
        Shape("female", ADULT, {"averageweight": 0.8, "minweight": 0.2}, {"averagemuscle": 1.0}, {"caucasian": 1.0}),
        outfit(1.95, 1.95, 0.75, wide=0.012, thick=0.017, belly=0.035),
        lambda: {
            "face": face(PALE_SKIN, BROWN_HAIR, brow=0.7, seed=41), "hair": hair(BROWN_HAIR, 41),
            "top": cloth((0.62, 0.5, 0.36), line(0.03, 0.006, 0.05, 0.9, (0.4, 0.31, 0.21)), patch(0.0, 0.3, 0.3, 0.02, (0.42, 0.33, 0.24)),
                         patch(0.0, 0.3, 0.3, 0.02, (0.42, 0.33, 0.24), back=True), line(0.06, 0.008, 0.12, 0.5, (0.25, 0.2, 0.15),
                             share=0.6), seed=8),
            "trousers": cloth(BLACK, seed=9),
        },
        plain(PALE_SKIN),
        "long",
    ),
    Figure(
        Person("woman_skirt", "", {}, ["woman", "adult"], 1.62, 74.0, Pose(abduction=11.0), walk=gait.HEELS, variants=[
            look("woman_skirt_green", [dyed("top", 70.0, 1.3, 0.9), dyed("skirt", 30.0, 1.0, 1.6), *skins(1.35, 0.8)], kinds=["woman",
                "adult"], height=1.66, mass=70.0, wear=["handbag"]),
            look("woman_skirt_blue", [dyed("top", -160.0, 0.9, 0.9), dyed("skirt", 120.0, 2.0, 1.2), *skins(0.75)], kinds=["woman",
                "adult"], height=1.58, mass=77.0),
        ]),
        Shape("female", {"young": 0.7, "old": 0.3}, {"maxweight": 0.55, "averageweight": 0.45}, {"averagemuscle": 1.0}, {"african": 0.5,
            "asian": 0.5}),
        outfit(0.0, 0.8, 0.1, thick=0.01, belly=0.014, length=0.62),
        lambda: {
            "face": face(BROWN_SKIN, BLACK_HAIR, brow=0.8, age=0.15, seed=51), "hair": hair(BLACK_HAIR, 51),
            "top": cloth((0.72, 0.3, 0.26), stripes(16.0, (0.86, 0.83, 0.78)), seed=10),
            "skirt": cloth((0.2, 0.19, 0.22), seed=12),
        },
        plain(BROWN_SKIN),
        "bun",
        limbs(0.75, 0.75),
    ),
    Figure(
        Person("woman_grey", "", {}, ["elderly", "woman"], 1.57, 64.0, Pose(), walk=gait.ELDERLY, run=None, lean=8.0, nod=-4.0, variants=[
            look("woman_grey_teal", [dyed("top", 140.0, 1.0, 0.8), dyed("skirt", 0.0, 1.0, 2.0)], kinds=["elderly", "woman"],
                height=1.53, mass=60.0, wear=["shopping_bag"]),
        ]),
        Shape("female", {"old": 1.0}, {"averageweight": 0.7, "maxweight": 0.3}, {"minmuscle": 0.5, "averagemuscle": 0.5},
            {"caucasian": 0.7, "asian": 0.3}),
        outfit(0.0, 1.95, 0.3, thick=0.018, belly=0.03, length=0.78),
        lambda: {
            "face": face(FAIR_SKIN, GREY_HAIR, brow=0.4, age=1.0, seed=61), "hair": hair(GREY_HAIR, 61),
            "top": cloth((0.5, 0.33, 0.42), line(0.0, 0.01, 0.05, 0.6, (0.36, 0.24, 0.31)), seed=13, weave=0.12),
            "skirt": cloth((0.3, 0.29, 0.28), checks(7.0, (0.22, 0.2, 0.2)), seed=14),
        },
        plain(FAIR_SKIN),
        "bob",
        limbs(3.0, 0.8),
    ),
    Figure(
        Person("girl_skirt", "", {}, ["girl", "child"], 1.24, 25.0, Pose(), variants=[
            look("girl_skirt_blue", [dyed("top", -120.0, 1.2, 0.9), dyed("skirt", 0.0, 0.5, 0.5), dyed("hair", 0.0, 0.4, 0.2),
                *skins(0.62)], kinds=["girl", "child"], height=1.32, mass=29.0, wear=["backpack"]),
            look("girl_skirt_white", [dyed("top", 0.0, 0.1, 1.3), dyed("skirt", 140.0, 1.1, 0.7), dyed("hair", 0.0, 0.7, 0.4),
                *skins(0.87)], kinds=["girl", "child"], height=1.1, mass=19.0),
        ]),
        Shape("female", {"child": 1.0}, {"averageweight": 1.0}, {"averagemuscle": 1.0}, {"caucasian": 0.6, "asian": 0.4}),
        outfit(1.95, 0.8, 0.12, wide=0.0, thick=0.011, belly=0.018, length=0.5, crease=0.01),
        lambda: {
            "face": face(PALE_SKIN, BLOND_HAIR, brow=0.5, seed=71), "hair": hair(BLOND_HAIR, 71),
            "top": cloth((0.86, 0.5, 0.6), patch(0.0, 0.2, 0.09, 0.1, (0.95, 0.9, 0.5)), seed=15),
            "trousers": cloth((0.6, 0.58, 0.6), stripes(20.0, (0.4, 0.38, 0.45)), seed=16), "skirt": cloth((0.3, 0.36, 0.6), seed=17),
        },
        plain(PALE_SKIN, (0.8, 0.3, 0.4)),
        "long",
        limbs(0.75, 3.0),
    ),
    Figure(
        Person("toddler", "", {}, ["boy", "child"], 1.02, 16.0, Pose(abduction=14.0), variants=[
            look("toddler_girl", [dyed("top", 110.0, 1.0, 1.1), dyed("trousers", 120.0, 0.7, 1.3), dyed("hair", 0.0, 0.8, 1.8)],
                kinds=["girl", "child"], height=1.01, mass=15.5, wear=["sun_hat"]),
            look("toddler_green", [dyed("top", -90.0, 1.0, 0.9), dyed("hair", 0.0, 0.5, 0.3), *skins(0.55)], kinds=["boy", "child"],
                height=1.08, mass=18.0),
        ]),
        Shape("male", {"child": 0.6, "baby": 0.4}, {"averageweight": 1.0}, {"averagemuscle": 1.0}, {"caucasian": 0.5, "african": 0.5}),
        outfit(1.9, 1.9, 0.2, wide=0.012, thick=0.012, belly=0.012, crease=0.008),
        lambda: {
            "face": face(FAIR_SKIN, BROWN_HAIR, brow=0.45, seed=81), "hair": hair(BROWN_HAIR, 81),
            "top": cloth((0.25, 0.42, 0.7), stripes(9.0, (0.9, 0.88, 0.84)), seed=18), "trousers": jeans((0.3, 0.34, 0.42), 19),
        },
        plain(FAIR_SKIN, (0.75, 0.25, 0.2)),
        "short",
    ),
    Figure(
        Person("teenager", "", {}, ["boy", "child"], 1.62, 52.0, Pose(), variants=[
            look("teenager_white", [dyed("top", 0.0, 0.1, 2.2), dyed("trousers", 0.0, 0.3, 0.6), *skins(0.6)], kinds=["boy", "child"],
                height=1.55, mass=46.0, wear=["cap", "backpack"]),
            look("teenager_phone", [dyed("top", 210.0, 1.2, 1.0), dyed("hair", 0.0, 1.1, 2.5), *skins(1.2, 0.85)], kinds=["boy",
                "child"], height=1.7, mass=57.0, posture="phone", wear=["phone", "backpack"]),
        ]),
        Shape("male", {"child": 0.35, "young": 0.65}, {"averageweight": 0.6, "minweight": 0.4}, {"averagemuscle": 0.6, "minmuscle": 0.4},
            {"asian": 1.0}),
        outfit(0.98, 0.62, 0.22, wide=0.03, thick=0.009, belly=0.02),
        lambda: {
            "face": face(TAN_SKIN, BLACK_HAIR, brow=0.8, seed=91), "hair": hair(BLACK_HAIR, 91),
            "top": cloth((0.2, 0.36, 0.3), patch(0.0, 0.14, 0.1, 0.09, (0.75, 0.72, 0.65)), seed=20), "trousers": cloth((0.5, 0.46,
                0.38), seed=21),
        },
        plain(TAN_SKIN, (0.7, 0.7, 0.72)),
        "shaggy",
        limbs(0.55, 0.9),
    ),
]  # fmt: skip
