"""Where the joints of each static person lie: read off front and side views, limbs then centred between their walls."""

from __future__ import annotations

Point = tuple[float, float, float]

LIMBS = ("fore", "hand", "shin", "foot")
"""Joints that are moved to the middle of the limb around them."""


def table(text: str) -> dict[str, Point]:
    """Points by name [m]: x forward, y left, z up, of the source at its own size."""
    rows = [line.split() for row in text.split(",") for line in [row.strip()] if line]
    return {name: (float(x), float(y), float(z)) for name, x, y, z in rows}


GIRL = table("""
    pelvis -0.02 0 0.84, spine -0.02 0 0.93, chest -0.03 0 1.06, neck -0.035 0 1.29, head -0.02 0 1.375, top 0 0 1.56,
    l_arm 0 0.112 1.255, l_fore 0.028 0.16 1.01, l_hand 0.06 0.17 0.76, l_fingers 0.1 0.165 0.65,
    r_arm -0.048 -0.112 1.255, r_fore -0.048 -0.15 1.01, r_hand 0.06 -0.18 0.76, r_fingers 0.1 -0.175 0.66,
    l_thigh -0.02 0.075 0.8, l_shin 0 0.065 0.44, l_foot -0.02 0.055 0.1, l_toe 0.095 0.05 0.03, l_tip 0.16 0.05 0.02,
    r_thigh -0.03 -0.075 0.8, r_shin -0.03 -0.06 0.44, r_foot -0.065 -0.05 0.1, r_toe 0.045 -0.05 0.03, r_tip 0.11 -0.055 0.02
""")

BOY = table("""
    pelvis 0 0 0.87, spine 0 0 0.97, chest 0 0 1.1, neck -0.03 -0.005 1.35, head -0.01 0 1.42, top 0 0 1.62,
    l_arm -0.01 0.15 1.3, l_fore -0.088 0.235 1.08, l_hand 0.08 0.18 0.97, l_fingers 0.12 0.08 0.9,
    r_arm 0.02 -0.155 1.3, r_fore 0 -0.235 1.07, r_hand 0.05 -0.25 0.84, r_fingers 0.11 -0.25 0.72,
    l_thigh 0 0.085 0.84, l_shin 0 0.105 0.46, l_foot -0.03 0.115 0.11, l_toe 0.075 0.125 0.03, l_tip 0.145 0.125 0.02,
    r_thigh 0 -0.085 0.84, r_shin 0 -0.105 0.46, r_foot -0.01 -0.115 0.11, r_toe 0.095 -0.12 0.03, r_tip 0.165 -0.12 0.02
""")

BUSINESSMAN = table("""
    pelvis 0.05 0 0.98, spine 0.06 0 1.08, chest 0.06 0 1.22, neck 0.03 0 1.53, head 0.05 0 1.62, top 0.05 0 1.82,
    l_arm 0.06 0.185 1.46, l_fore 0.048 0.3 1.22, l_hand 0.125 0.27 0.99, l_fingers 0.17 0.25 0.83,
    r_arm -0.06 -0.165 1.45, r_fore -0.15 -0.215 1.21, r_hand 0.02 -0.19 1.05, r_fingers 0.16 -0.17 1,
    l_thigh 0.04 0.1 0.92, l_shin 0 0.21 0.48, l_foot -0.05 0.31 0.09, l_toe 0.09 0.32 0.03, l_tip 0.16 0.32 0.02,
    r_thigh 0.04 -0.1 0.92, r_shin 0 -0.2 0.48, r_foot 0 -0.28 0.09, r_toe 0.12 -0.29 0.03, r_tip 0.19 -0.29 0.02
""")

JACKET_MAN = table("""
    pelvis -0.01 -0.02 1.02, spine 0 -0.02 1.12, chest 0 -0.03 1.26, neck -0.03 -0.04 1.56, head 0 -0.05 1.63, top 0 -0.04 1.86,
    l_arm -0.02 0.15 1.46, l_fore 0 0.25 1.24, l_hand 0.13 0.07 1.15, l_fingers 0.15 -0.03 1.12,
    r_arm -0.02 -0.2 1.46, r_fore -0.03 -0.235 1.22, r_hand 0.02 -0.245 0.98, r_fingers 0.03 -0.25 0.85,
    l_thigh -0.02 0.07 0.95, l_shin -0.02 0.12 0.52, l_foot -0.05 0.17 0.1, l_toe 0.08 0.22 0.03, l_tip 0.15 0.24 0.02,
    r_thigh -0.02 -0.11 0.95, r_shin -0.03 -0.16 0.52, r_foot -0.065 -0.175 0.1, r_toe 0.075 -0.2 0.03, r_tip 0.15 -0.21 0.02
""")
CARDIGAN_MAN = table("""
    pelvis -0.2 0 1.0, spine -0.18 0 1.1, chest -0.18 0 1.24, neck -0.2 0 1.54, head -0.13 0 1.62, top -0.13 0 1.85,
    l_arm -0.18 0.17 1.47, l_fore -0.15 0.26 1.22, l_hand 0.15 0.22 1.18, l_fingers 0.28 0.19 1.12,
    r_arm -0.2 -0.19 1.47, r_fore -0.2 -0.26 1.22, r_hand -0.1 -0.27 0.99, r_fingers -0.06 -0.26 0.86,
    l_thigh -0.18 0.09 0.93, l_shin -0.1 0.15 0.53, l_foot -0.17 0.19 0.1, l_toe -0.05 0.22 0.03, l_tip 0.03 0.24 0.02,
    r_thigh -0.18 -0.09 0.93, r_shin -0.1 -0.11 0.53, r_foot -0.17 -0.09 0.1, r_toe -0.05 -0.11 0.03, r_tip 0.03 -0.12 0.02
""")
JEANS_WOMAN = table("""
    pelvis 0.08 0 0.92, spine 0.07 0 1.02, chest 0.07 0 1.14, neck 0.02 0.01 1.4, head 0.02 0.03 1.47, top 0 0.05 1.66,
    l_arm -0.02 0.12 1.34, l_fore -0.067 0.115 1.13, l_hand 0.17 0.14 1.0, l_fingers 0.21 0.08 0.9,
    r_arm 0.055 -0.16 1.33, r_fore 0.04 -0.19 1.13, r_hand 0.17 -0.14 0.97, r_fingers 0.2 -0.11 0.86,
    l_thigh 0.07 0.09 0.87, l_shin 0.01 0.12 0.48, l_foot -0.14 0.155 0.15, l_toe -0.06 0.165 0.03, l_tip 0 0.175 0.02,
    r_thigh 0.09 -0.09 0.87, r_shin 0.075 -0.09 0.48, r_foot 0.03 -0.11 0.1, r_toe 0.13 -0.115 0.03, r_tip 0.2 -0.12 0.02
""")
LEATHER_WOMAN = table("""
    pelvis 0.03 0 0.92, spine 0.03 0 1.02, chest 0.04 0 1.14, neck -0.02 -0.01 1.38, head 0 -0.01 1.44, top 0 0 1.62,
    l_arm -0.07 0.14 1.32, l_fore -0.18 0.21 1.12, l_hand -0.1 0.16 0.98, l_fingers 0.07 0.07 0.92,
    r_arm 0.03 -0.165 1.32, r_fore 0.035 -0.2 1.09, r_hand 0.13 -0.18 0.84, r_fingers 0.19 -0.13 0.71,
    l_thigh 0.03 0.08 0.87, l_shin -0.012 -0.03 0.47, l_foot -0.1 -0.08 0.1, l_toe 0 -0.1 0.03, l_tip 0.06 -0.1 0.02,
    r_thigh 0.01 -0.08 0.87, r_shin 0.165 -0.03 0.47, r_foot 0.07 0.04 0.1, r_toe 0.15 0.07 0.03, r_tip 0.22 0.07 0.02
""")
DRESS_WOMAN = table("""
    pelvis 0.07 0.02 0.93, spine 0.06 0.02 1.04, chest 0.06 0.02 1.17, neck 0.0 0 1.42, head 0.04 0 1.48, top 0.05 0 1.68,
    l_arm 0 0.15 1.36, l_fore -0.1 0.23 1.13, l_hand 0.05 0.17 1.03, l_fingers 0.1 0.14 0.97,
    r_arm 0 -0.13 1.36, r_fore -0.01 -0.15 1.12, r_hand 0.06 -0.21 0.88, r_fingers 0.1 -0.23 0.77,
    l_thigh 0.07 0.1 0.88, l_shin 0.12 0.05 0.5, l_foot 0.06 0.04 0.1, l_toe 0.17 0.03 0.02, l_tip 0.22 0.03 0.02,
    r_thigh 0.05 -0.06 0.88, r_shin 0.03 -0.03 0.5, r_foot -0.16 0 0.14, r_toe -0.1 -0.02 0.04, r_tip -0.04 -0.03 0.02
""")
