"""What is seen through a car's windows: seats, dashboard, wheel, floor; for bodies whose source has none."""

from __future__ import annotations

import math
from dataclasses import dataclass

import livery
import numpy as np
from freight import Fitter
from sh3f import Soup
from shape import tube


@dataclass(frozen=True)
class Cabin:
    """Where things are in the model's frame [m]."""

    dash: float
    """Middle of the dashboard, ahead."""
    tail: float
    """Rear edge of the parcel shelf."""
    half: float
    """Half of the width inside."""
    belt: float
    """Height of the lower edge of the windows."""
    seats: tuple[float, ...]
    """Front edges of the rows' backs; empty: the source has seats."""
    floor: float = 0.36


def furnish(soup: Soup, cabin: Cabin) -> Soup:
    """Add a cabin; looks "cabin" and "seats"."""
    f, half, belt = Fitter(soup), cabin.half, cabin.belt
    f.add("cabin", (cabin.tail, -half, cabin.floor - 0.03), (cabin.dash + 0.1, half, cabin.floor))
    f.add("cabin", (cabin.dash - 0.2, -half, belt - 0.28), (cabin.dash + 0.16, half, belt - 0.03))
    f.add("cabin", (cabin.dash - 0.17, 0.2, belt - 0.03), (cabin.dash, 0.52, belt + 0.03))
    f.add("cabin", (cabin.dash - 0.9, -0.1, cabin.floor), (cabin.dash - 0.1, 0.1, cabin.floor + 0.22))
    back = min(cabin.seats, default=cabin.tail + 0.75) - 0.22
    f.add("cabin", (cabin.tail, -half, belt - 0.1), (back, half, belt - 0.06))
    for s in (-1.0, 1.0):
        f.beside("cabin", s, (cabin.tail, cabin.dash), (half, half + 0.02), (cabin.floor, belt - 0.02))
    turn = np.linspace(0.0, 2.0 * math.pi, 15)
    ring = np.stack([-0.07 * np.sin(turn), 0.36 + 0.18 * np.cos(turn), 0.17 * np.sin(turn)], 1)
    soup = livery.add_faces(f.soup, tube(ring + [cabin.dash - 0.33, 0.0, belt - 0.04], 0.015, 5), "cabin")
    for k, x in enumerate(cabin.seats):
        f = Fitter(soup)
        for y in (-0.36, 0.36):
            wide = 0.25 if k == 0 else 0.34
            f.add("seats", (x, y - wide, cabin.floor + 0.02), (x + 0.5, y + wide, cabin.floor + 0.22))
            back = livery.box((x - 0.12, y - wide, cabin.floor + 0.1), (x, y + wide, cabin.floor + 0.72))
            back[..., 0] -= 0.22 * (back[..., 2] - cabin.floor)
            head = livery.box((x - 0.29, y - 0.13, cabin.floor + 0.74), (x - 0.2, y + 0.13, cabin.floor + 0.92))
            f.soup = livery.add_faces(livery.add_faces(f.soup, back, "seats"), head, "seats")
        soup = f.soup
    return soup


def lorry_cab(soup: Soup) -> Soup:
    """Floor, dashboard, wheel, two seats and a bunk for the articulated lorry's cab, which has walls; looks as in `furnish`."""
    f = Fitter(soup)
    f.add("cabin", (6.06, -1.17, 1.23), (8.1, 1.17, 1.26))
    f.add("cabin", (7.82, -1.14, 1.3), (8.12, 1.14, 2.16))
    f.add("cabin", (7.66, 0.3, 1.9), (7.84, 0.94, 2.2))
    f.add("seats", (6.06, -1.12, 1.7), (6.62, 1.12, 1.9))
    turn = np.linspace(0.0, 2.0 * math.pi, 15)
    ring = np.stack([0.13 * np.sin(turn), 0.62 + 0.22 * np.cos(turn), -0.18 * np.sin(turn)], 1)
    soup = livery.add_faces(f.soup, tube(ring + [7.62, 0.0, 2.16], 0.017, 5), "cabin")
    f = Fitter(soup)
    for y in (-0.62, 0.62):
        f.add("seats", (6.96, y - 0.26, 1.5), (7.46, y + 0.26, 1.82))
        back = livery.box((6.86, y - 0.25, 1.76), (6.98, y + 0.25, 2.42))
        head = livery.box((6.86, y - 0.13, 2.44), (6.94, y + 0.13, 2.66))
        for faces in (back, head):
            faces[..., 0] -= 0.2 * (faces[..., 2] - 1.76)
            f.soup = livery.add_faces(f.soup, faces, "seats")
    return f.soup
