"""A boar modelled here and a cat of sweethome3d-furniture; both walk and gallop."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import people
import sh3f
from animals import DOG_RUN, DOG_WALK, beast, body_of, save, smooth_noise
from manifest import PROJECT
from more_animals import EYE, HOOF, TUSK, ball, bristled, canvas, finished, joined, leaf, ramp, side_uvs
from pack import look
from people import Tint
from quadruped import Mover
from sh3f import Look, Soup
from shape import grid_faces, lathe, tube

from sim.render.mesh import Material

# --- boar ---------------------------------------------------------------------------------------------------------------

BOAR_RINGS = [(-0.64, 0.6, 0.04, 0.04), (-0.6, 0.6, 0.13, 0.1), (-0.5, 0.6, 0.2, 0.155), (-0.32, 0.6, 0.245, 0.19), (-0.05, 0.585, 0.27,
     0.21),
              (0.2, 0.6, 0.305, 0.215), (0.36, 0.605, 0.3, 0.205), (0.5, 0.58, 0.25, 0.18), (0.62, 0.53, 0.2, 0.15), (0.74, 0.47, 0.155,
                   0.12),
              (0.86, 0.41, 0.115, 0.085), (0.98, 0.36, 0.08, 0.06), (1.06, 0.335, 0.062, 0.052), (1.09, 0.33, 0.058, 0.05)]  # fmt: skip
"""Sections of the body: ahead, height, half height, half width [m]."""
BOAR = beast(
    """hips -0.42 0 0.66, spine -0.15 0 0.64, chest 0.15 0 0.62, neck 0.42 0 0.62, head 0.6 0 0.55, nose 1.09 0 0.33,
    fl_up 0.3 0.13 0.5, fl_low 0.22 0.13 0.36, fl_can 0.26 0.125 0.2, fl_paw 0.26 0.125 0.075, fl_tip 0.3 0.125 0.01,
    hl_up -0.4 0.12 0.56, hl_low -0.3 0.13 0.4, hl_can -0.46 0.12 0.24, hl_paw -0.43 0.12 0.08, hl_tip -0.39 0.12 0.01""",
    {"hips": 0.2, "spine": 0.24, "chest": 0.26, "neck": 0.2, "head": 0.14, "f_up": 0.1, "f_low": 0.06, "f_can": 0.035, "f_paw": 0.035,
     "h_up": 0.12, "h_low": 0.07, "h_can": 0.035, "h_paw": 0.035},
    factor=0.88, track={"f": 0.11, "h": 0.105}, crouch=0.97, paw={"f": 18.0, "h": 18.0}, trunk={"neck": 4.0, "head": -6.0},
)  # fmt: skip
BOAR_WALK = replace(DOG_WALK, stride=0.75, lift=0.12, bob=0.006)
BOAR_RUN = replace(DOG_RUN, stride=1.7, lift=0.28, bob=0.02, flex=6.0, pitch=6.0)


def _boar() -> Soup:
    rings = []
    a = np.arange(20) * (math.tau / 20)
    for x, z, high, wide in BOAR_RINGS:
        s, c = np.sin(a), np.cos(a)
        rings.append(
            np.stack(
                [np.full(20, x), wide * np.sign(c) * np.abs(c) ** 0.85, z + high * np.sign(s) * np.abs(s) ** 0.9], 1
            )
        )
    trunk = np.concatenate(
        [grid_faces(np.array(rings)), np.array([[rings[-1][0], rings[-1][i], rings[-1][i + 1]] for i in range(1, 19)])]
    )
    coat, extras = [trunk], []
    for s in (1.0, -1.0):
        y = 0.115 * s
        front = np.array(
            [[0.3, 1.15 * y, 0.6], [0.27, 1.15 * y, 0.45], [0.24, 1.1 * y, 0.34], [0.26, y, 0.2], [0.26, y, 0.08]]
        )
        coat.append(tube(front, np.array([0.09, 0.1, 0.06, 0.042, 0.034]), 10))
        hind = np.array(
            [
                [-0.42, 1.1 * y, 0.66],
                [-0.36, 1.2 * y, 0.5],
                [-0.33, 1.15 * y, 0.39],
                [-0.45, y, 0.25],
                [-0.435, y, 0.17],
                [-0.43, y, 0.08],
            ]
        )
        coat.append(tube(hind, np.array([0.1, 0.14, 0.085, 0.042, 0.036, 0.032]), 10))
        for x in (0.26, -0.43):
            hoof = lathe([(0.048, 0.0), (0.04, 0.05), (0.034, 0.085), (0.0, 0.085)], 10) * [1.15, 0.85, 1.0] + [
                x + 0.015,
                y,
                0.0,
            ]
            extras.append(("hoof", hoof))
        root = np.array([0.62, 0.1 * s, 0.68])
        extras.append(("coat 2", leaf(root, root + [-0.03, 0.06 * s, 0.15], 0.05, np.array([1.0, -0.3 * s, 0.1]))))
        extras.append(("eye", ball((0.77, 0.098 * s, 0.545), (0.014, 0.01, 0.013), 8)))
        tusk = np.array([[0.9, 0.068 * s, 0.34], [0.92, 0.085 * s, 0.36], [0.915, 0.092 * s, 0.41]])
        extras.append(("tusk", tube(tusk, np.array([0.012, 0.01, 0.002]), 6)))
        extras.append(("eye", ball((1.093, 0.018 * s, 0.335), (0.004, 0.009, 0.012), 8)))
    crest = np.array([[x, 0.0, z + high - 0.012] for x, z, high, _ in BOAR_RINGS[2:9]])
    extras.append(("coat 2", bristled(crest, 0.055, 0.03, 4)))
    tail = np.array([[-0.63, 0.0, 0.66], [-0.69, 0.0, 0.58], [-0.7, 0.0, 0.43], [-0.705, 0.0, 0.34], [-0.7, 0.0, 0.3]])
    extras.append(("coat 2", tube(tail, np.array([0.018, 0.013, 0.01, 0.022, 0.002]), 6)))
    corners = np.concatenate(coat)
    soup = Soup(
        corners,
        np.zeros((len(corners), 3, 2)),
        np.zeros(len(corners), np.int32),
        np.zeros(len(corners), np.int32),
        [Look("coat")],
        [""],
        dict(PROJECT),
    )
    soup = joined(soup, extras)
    soup.corners = soup.corners * 0.88
    return soup


def build_boar() -> None:
    """Write the boar."""
    soup = _boar()
    body = body_of(soup, BOAR, "^(coat 2|eye|tusk)$")
    mover = Mover(BOAR)
    mover.put_on_ground(body.points, body.weights)
    lower, upper = side_uvs(body, mover, "coat")
    x, z = canvas(lower, upper)
    color = np.ones((*x.shape, 1)) * np.array([72.0, 62.0, 53.0])
    color += ramp(z, 0.55, 0.75) * np.array([-22.0, -20.0, -17.0])
    color += (1 - ramp(z, 0.1, 0.4)) * (np.array([38.0, 33.0, 29.0]) - color) * 0.8
    color += ramp(x, 0.52, 0.62) * (1 - ramp(x, 0.75, 0.9)) * (1 - ramp(z, 0.3, 0.5)) * np.array([34.0, 31.0, 27.0])
    color += ramp(x, 0.9, 0.94) * (np.array([84.0, 66.0, 60.0]) - color) * 0.7
    bristle = smooth_noise(x.shape, (2.0, 9.0), 33)
    color = color * (1.0 + 0.13 * bristle[..., None])
    table = {
        "coat": Material("coat", (0.95, 0.95, 0.95), 0.9, texture=finished(color, 0.1, 31)),
        "hoof": HOOF,
        "eye": EYE,
        "tusk": TUSK,
    }
    materials = [table[item.name.removesuffix(" 2")] for item in soup.looks]
    variants = [look("sow", [Tint("^coat$", 4.0, 1.1, 1.25)], height=0.68, mass=60.0),
                look("piglet", [Tint("^coat$", 4.0, 1.3, 1.45)], height=0.4, mass=9.0)]  # fmt: skip
    save(
        "boar",
        body,
        mover,
        materials,
        BOAR_WALK,
        BOAR_RUN,
        {"kinds": ["boar"], "mass": 95.0, "variants": variants},
        "made by this project",
    )


# --- cat ----------------------------------------------------------------------------------------------------------------

CAT = beast(
    """hips -0.12 0 0.28, spine -0.02 0 0.28, chest 0.1 0 0.27, neck 0.2 0 0.29, head 0.28 0 0.34, nose 0.4 0 0.32,
    fl_up 0.19 0.035 0.24, fl_low 0.165 0.04 0.17, fl_can 0.185 0.045 0.08, fl_paw 0.19 0.045 0.03, fl_tip 0.23 0.045 0.01,
    hl_up -0.11 0.035 0.25, hl_low -0.06 0.04 0.16, hl_can -0.165 0.042 0.1, hl_paw -0.145 0.042 0.03, hl_tip -0.11 0.042 0.01""",
    {"hips": 0.06, "spine": 0.065, "chest": 0.065, "neck": 0.05, "head": 0.05, "f_up": 0.04, "f_low": 0.026, "f_can": 0.02, "f_paw": 0.02,
     "h_up": 0.045, "h_low": 0.026, "h_can": 0.018, "h_paw": 0.02},
    factor=0.8, track={"f": 0.034, "h": 0.034}, crouch=0.97,
)  # fmt: skip
CAT_WALK = replace(DOG_WALK, stride=0.42, lift=0.14, bob=0.003)
CAT_RUN = replace(DOG_RUN, stride=1.0, lift=0.3, bob=0.015, flex=12.0, sink=0.01)


def build_cat() -> None:
    """Write the cat."""
    soup = sh3f.load("blendswap-cc-by/siameseCat")
    soup = soup.pick(np.ones(len(soup), bool))
    soup.corners = soup.corners * 0.8
    people.whole_uvs(soup)
    body = body_of(soup, CAT)
    mover = Mover(CAT)
    mover.put_on_ground(body.points, body.weights)
    materials = [Material("coat", (0.9, 0.9, 0.9), 0.85, texture=item.texture) for item in soup.looks]
    variants = [
        look("cat_black", [Tint("^coat$", 0.0, 0.3, 0.3)]),
        look("cat_ginger", [Tint("^coat$", -6.0, 2.4, 1.3)], height=0.31),
        look("cat_grey", [Tint("^coat$", 0.0, 0.1, 0.9)], height=0.32),
    ]
    save(
        "cat",
        body,
        mover,
        materials,
        CAT_WALK,
        CAT_RUN,
        {"kinds": ["cat"], "mass": 4.5, "variants": variants},
        "scaled, rigged, taken to walk and gallop",
    )


ALL = {"boar": build_boar, "cat": build_cat}
