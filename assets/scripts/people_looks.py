"""More looks of the people: clothes, skins, hair, builds, what they wear and carry. Variants cost no file."""

from __future__ import annotations

from typing import Any

from pack import look
from people import Tint

SKINS: dict[str, list[tuple[str, tuple[float, float, float, float], float, float]]] = {
    "man_jacket": [("^1$", (0.58, 0.5, 1.0, 0.73), 0.0, 0.0), ("^2$", (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)],
    "man_suit": [("^1$", (0.68, 0.5, 1.0, 0.74), 0.0, 0.0), ("^2$", (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)],
    "man_cardigan": [("^08", (0.575, 0.52, 1.0, 0.7), 0.0, 0.0), ("^08", (0.8, 0.7, 1.0, 1.0), 0.0, 0.0), ("^hrad$", (0.0, 0.0, 1.0,
         1.0), 0.0, 0.0)],
    "woman_jeans": [("^1$", (0.66, 0.52, 1.0, 0.7), 0.0, 0.0), ("^1$", (0.8, 0.7, 1.0, 1.0), 0.0, 0.0), ("^1$", (0.0, 0.0, 0.62, 0.14),
         0.0, 0.6),
                    ("^5$", (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)],
    "woman_dress": [("^1$", (0.0, 0.0, 1.0, 1.0), 0.22, 0.0), ("^2$", (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)],
    "woman_leather": [("^1$", (0.06, 0.0, 0.22, 0.15), 0.0, 0.0), ("^1$", (0.66, 0.52, 1.0, 0.71), 0.0, 0.0), ("^1$", (0.6, 0.71, 0.8,
         1.0), 0.0, 0.0),
                      ("^1$", (0.8, 0.7, 1.0, 1.0), 0.0, 0.0), ("^2$", (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)],
    "girl": [("^RL_Skin", (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)],
    "boy": [("^(RL_)?Skin", (0.0, 0.0, 1.0, 1.0), 0.0, 0.0)],
}  # fmt: skip
"""Where skin lies in the pictures of each: look, area, least and greatest saturation."""
ALL = (0.0, 0.0, 1.0, 1.0)
UPPER, LOWER = (0.0, 0.0, 1.0, 0.49), (0.0, 0.49, 0.58, 1.0)
"""Where jackets and trousers lie in the men's pictures, and those of women in jeans."""


def skin(of: str, value: float, saturation: float = 1.0) -> list[Tint]:
    """Another tone of skin."""
    return [Tint(name, 0.0, saturation, value, rect, over, under) for name, rect, over, under in SKINS[of]]


def dye(
    name: str,
    value: float,
    tone: tuple[float, float, float],
    rect: tuple[float, float, float, float] = ALL,
    **more: float,
) -> Tint:
    """Grey or greyed cloth in a colour."""
    return Tint(name, 0.0, 0.15, value, rect, tone=tone, **more)


DARK, BROWN, TAN = (0.52, 1.12), (0.68, 1.15), (0.86, 1.1)
BLACK_HAIR, GREY_HAIR, BLOND = (0.3, 0.18), (0.12, 1.25), (0.8, 1.6)


def hair(name: str, kind: tuple[float, float]) -> Tint:
    """Hair of another colour: saturation and brightness."""
    return Tint(name, 0.0, kind[0], kind[1])


def man(
    name: str, tints: list[Tint], height: float, mass: float, kinds: tuple[str, ...] = ("man", "adult"), **more: Any
) -> dict[str, Any]:
    """A variant of a man."""
    return look(name, tints, kinds=list(kinds), height=height, mass=mass, **more)


def woman(
    name: str, tints: list[Tint], height: float, mass: float, kinds: tuple[str, ...] = ("woman", "adult"), **more: Any
) -> dict[str, Any]:
    """A variant of a woman."""
    return look(name, tints, kinds=list(kinds), height=height, mass=mass, **more)


WORKER, OFFICER, SITTER = ("worker",), ("police_officer",), ("sitting",)
LOOKS: dict[str, list[dict[str, Any]]] = {
    "man_suit": [
        man("man_suit_grey", [dye("^1$", 2.3, (0.95, 0.97, 1.0), UPPER, under=0.25), dye("^1$", 2.2, (0.95, 0.97, 1.0), LOWER),
                              *skin("man_suit", *DARK), hair("^6$", BLACK_HAIR)], 1.86, 84.0),
        man("man_suit_blue", [dye("^1$", 1.5, (0.45, 0.6, 1.1), UPPER, under=0.25), dye("^1$", 1.3, (0.45, 0.6, 1.1), LOWER),
                              hair("^6$", GREY_HAIR)], 1.75, 96.0, girth=1.22),
        man("man_suit_phone", [*skin("man_suit", *TAN), hair("^6$", BLACK_HAIR)], 1.72, 70.0, posture="phone", wear=["phone"]),
        man("police_officer_man", [dye("^1$", 0.7, (0.6, 0.75, 1.3), UPPER, under=0.25), dye("^1$", 0.7, (0.6, 0.75, 1.3), LOWER)],
            1.84, 84.0, OFFICER, wear=["police_vest", "peaked_cap"]),
        man("man_suit_sitting", [dye("^1$", 1.8, (0.8, 0.7, 0.6), UPPER, under=0.25), *skin("man_suit", *BROWN), hair("^6$", BLACK_HAIR)],
            1.8, 79.0, SITTER, posture="sitting"),
    ],
    "man_jacket": [
        man("man_jacket_olive", [Tint("^1$", -150.0, 0.55, 0.8, UPPER), Tint("^1$", 0.0, 0.5, 0.55, LOWER), Tint("^27$", 0.0, 0.3,
             0.6)], 1.74, 71.0),
        man("man_jacket_red", [Tint("^1$", 140.0, 1.0, 0.8, UPPER), Tint("^1$", 0.0, 0.25, 0.35, LOWER), *skin("man_jacket", *DARK),
                               Tint("^27$", 0.0, 0.0, 0.3)], 1.83, 78.0, wear=["backpack"]),
        man("man_jacket_black", [Tint("^1$", 0.0, 0.12, 0.4, UPPER), Tint("^1$", 0.0, 1.0, 1.1, LOWER), *skin("man_jacket", *BROWN),
                                 Tint("^27$", 200.0, 1.0, 0.9)], 1.7, 88.0, girth=1.2, wear=["shopping_bag"]),
        man("worker_man", [Tint("^1$", -20.0, 0.8, 0.55, UPPER), Tint("^1$", 30.0, 0.6, 0.45, LOWER)], 1.78, 82.0, WORKER, wear=["vest",
             "hard_hat"]),
        man("worker_brown", [Tint("^1$", -170.0, 0.7, 0.7, UPPER), Tint("^1$", 20.0, 0.35, 0.5, LOWER), *skin("man_jacket", *BROWN)],
            1.73, 86.0, WORKER, girth=1.15, wear=["vest", "hard_hat"]),
    ],
    "man_cardigan": [
        man("man_cardigan_blue", [Tint("^08", 185.0, 2.2, 0.85, (0.0, 0.0, 0.585, 0.5)), Tint("^08", 185.0, 2.2, 0.85, (0.6, 0.0, 0.97,
             0.5)),
                                  hair("hair", (0.8, 0.4))], 1.83, 78.0),
        man("man_cardigan_green", [Tint("^08", 80.0, 1.6, 0.7, (0.0, 0.0, 0.97, 0.5)), Tint("^08", 10.0, 1.0, 2.3, LOWER),
             *skin("man_cardigan", *TAN),
                                   hair("hair", BLACK_HAIR)], 1.71, 68.0, wear=["cap"]),
        man("man_cardigan_wine", [Tint("^08", -40.0, 2.4, 0.55, (0.0, 0.0, 0.97, 0.5)), *skin("man_cardigan", *DARK), hair("hair",
             BLACK_HAIR)],
            1.79, 92.0, girth=1.18, wear=["sun_hat"]),
        man("man_cardigan_sitting", [Tint("^08", 185.0, 1.6, 0.6, (0.0, 0.0, 0.97, 0.5)), hair("hair", (0.9, 0.5))], 1.77, 75.0, SITTER,
             posture="sitting"),
    ],
    "man_elderly": [man("man_elderly_cap", [Tint("^08", 60.0, 1.2, 0.7, (0.0, 0.0, 0.97, 0.5)), hair("hair", GREY_HAIR)], 1.66, 74.0,
                        ("elderly", "man"), wear=["cap"], girth=1.12)],
    "woman_jeans": [
        woman("woman_jeans_teal", [Tint("^1$", 165.0, 0.6, 0.75, (0.0, 0.0, 1.0, 0.52), over=0.6), hair("^11$", (0.6, 0.45))], 1.71, 64.0),
        woman("woman_jeans_yellow", [Tint("^1$", 32.0, 0.85, 1.0, (0.0, 0.0, 1.0, 0.52), over=0.6), *skin("woman_jeans", *DARK),
             hair("^11$", BLACK_HAIR)],
              1.68, 61.0, wear=["backpack"]),
        woman("woman_jeans_white", [Tint("^1$", 0.0, 0.08, 1.15, (0.0, 0.0, 1.0, 0.52), over=0.6), Tint("^1$", 0.0, 0.3, 0.4, LOWER),
                                    *skin("woman_jeans", *TAN), hair("^11$", BLACK_HAIR)], 1.6, 70.0, girth=1.2, wear=["handbag"]),
        woman("woman_jeans_phone", [Tint("^1$", 200.0, 0.7, 0.6, (0.0, 0.0, 1.0, 0.52), over=0.6), hair("^11$", BLOND)], 1.69, 60.0,
              posture="phone", wear=["phone"]),
        woman("worker_woman", [Tint("^1$", 195.0, 0.5, 0.35, (0.0, 0.0, 1.0, 0.52), over=0.6)], 1.7, 65.0, WORKER, wear=["vest",
             "hard_hat"]),
    ],
    "woman_leather": [
        woman("woman_leather_black", [Tint("^1$", 0.0, 0.1, 0.5, (0.0, 0.0, 1.0, 0.5), over=0.3), Tint("^1$", 0.0, 0.7, 1.9, (0.0, 0.55,
             0.58, 1.0)),
                                      hair("^13$", BLOND)], 1.74, 63.0, wear=["handbag"]),
        woman("woman_leather_green", [Tint("^1$", 110.0, 0.7, 0.8, (0.22, 0.0, 1.0, 0.16)), Tint("^1$", 110.0, 0.7, 0.8, (0.0, 0.16,
             1.0, 0.5)), *skin("woman_leather", *DARK), hair("^13$", BLACK_HAIR)],
              1.63, 72.0, girth=1.15),
        woman("woman_leather_sitting", [Tint("^1$", 190.0, 0.9, 0.9, (0.22, 0.0, 1.0, 0.16)), Tint("^1$", 190.0, 0.9, 0.9, (0.0, 0.16,
             1.0, 0.5)), hair("^13$", (1.0, 0.6))], 1.66, 60.0, SITTER, posture="sitting"),
        woman("police_officer_woman", [dye("^1$", 0.55, (0.5, 0.65, 1.2), (0.22, 0.0, 1.0, 0.5))], 1.7, 64.0, OFFICER,
             wear=["police_vest", "peaked_cap"]),
    ],
    "woman_dress": [
        woman("woman_dress_red", [dye("^1$", 2.4, (1.0, 0.2, 0.2), (0.0, 0.0, 1.0, 0.56), under=0.2), *skin("woman_dress", *BROWN),
             hair("^10$", BLACK_HAIR)],
              1.65, 60.0, wear=["sun_hat", "handbag"]),
        woman("woman_dress_blue", [dye("^1$", 3.2, (0.5, 0.75, 1.0), (0.0, 0.0, 1.0, 0.56), under=0.2), hair("^10$", BLOND)], 1.62,
             74.0, girth=1.2),
        woman("woman_dress_yellow", [dye("^1$", 3.6, (1.0, 0.85, 0.4), (0.0, 0.0, 1.0, 0.56), under=0.2), *skin("woman_dress", *DARK),
                                     hair("^10$", BLACK_HAIR)], 1.7, 62.0, wear=["shopping_bag"]),
    ],
    "woman_elderly": [woman("woman_elderly_stout", [Tint("^1$", 70.0, 1.2, 0.9, (0.0, 0.0, 1.0, 0.52), over=0.25)], 1.58, 76.0,
                            ("elderly", "woman"), girth=1.22, wear=["shopping_bag"])],
    "girl": [
        look("girl_pink", [Tint("RL_Upper", 130.0, 0.9, 1.05), Tint("RL_Hair", 5.0, 0.7, 0.5), Tint("RL_Lower", 0.0, 1.0, 1.3)],
             kinds=["girl", "child"], height=1.14, mass=20.0),
        look("girl_yellow", [Tint("RL_Upper", -150.0, 0.9, 1.05), *skin("girl", *DARK), Tint("RL_Hair", 0.0, 0.4, 0.25)],
             kinds=["girl", "child"], height=1.36, mass=31.0, wear=["backpack"]),
        look("girl_teen", [Tint("RL_Upper", 60.0, 0.5, 0.7), *skin("girl", *TAN), Tint("RL_Hair", 0.0, 0.6, 0.35)],
             kinds=["girl", "child"], height=1.55, mass=46.0, wear=["backpack"]),
    ],
    "boy": [
        look("boy_green", [Tint("RL_Upper", 95.0, 1.1, 1.7), Tint("RL_Lower", 200.0, 6.0, 1.1), Tint("RL_Hair", 0.0, 1.1, 1.5)],
             kinds=["boy", "child"], height=1.22, mass=24.0),
        look("boy_blue", [Tint("RL_Upper", 200.0, 2.2, 1.9), *skin("boy", *BROWN), Tint("RL_Hair", 0.0, 0.5, 0.4)],
             kinds=["boy", "child"], height=1.12, mass=20.0, wear=["cap"]),
        look("boy_red", [Tint("RL_Upper", -15.0, 2.6, 2.0), *skin("boy", *DARK), Tint("RL_Hair", 0.0, 0.3, 0.3)],
             kinds=["boy", "child"], height=1.46, mass=38.0, wear=["backpack"]),
    ],
}  # fmt: skip
"""Variants by the name of the mesh's own asset."""
