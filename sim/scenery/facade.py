"""Cells of facades: windows set back into the wall, doors, shop fronts, balconies, as quads in the wall's own frame.

A wall's frame is (u along the wall, v up, w out of the wall), right-handed; a cell fills a bay wide and a storey high. Cells are built once
per building and copied to every place by one array operation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from sim.render.mesh import Semantic
from sim.scenery.parts import Floats, MeshBuilder


class Slot(IntEnum):
    """Part of a facade; each building gives every slot a material."""

    WALL = 0
    TRIM = 1
    FRAME = 2
    GLASS = 3
    DOOR = 4
    BASE = 5
    SHOP = 6
    SIGN = 7
    AWNING = 8
    IRON = 9
    SHUTTER = 10


@dataclass
class Cell:
    """Quads (n, 4, 3) in (u, v, w) with their slots (n,)."""

    corners: list[npt.NDArray[np.float64]] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)

    def rect(self, u0: float, u1: float, v0: float, v1: float, w: float, slot: Slot) -> None:
        """A rectangle that faces out of the wall."""
        if u1 - u0 > 1e-4 and v1 - v0 > 1e-4:
            self.corners.append(np.array([[u0, v0, w], [u1, v0, w], [u1, v1, w], [u0, v1, w]], float))
            self.slots.append(slot)

    def box(
        self, u0: float, u1: float, v0: float, v1: float, w0: float, w1: float, slot: Slot, faces: str = "flrtb"
    ) -> None:
        """A box from ``w0`` out to ``w1``: faces front, left, right, top, bottom; it has no back."""
        sides = {
            "f": [[u0, v0, w1], [u1, v0, w1], [u1, v1, w1], [u0, v1, w1]],
            "l": [[u0, v0, w0], [u0, v0, w1], [u0, v1, w1], [u0, v1, w0]],
            "r": [[u1, v0, w1], [u1, v0, w0], [u1, v1, w0], [u1, v1, w1]],
            "t": [[u0, v1, w1], [u1, v1, w1], [u1, v1, w0], [u0, v1, w0]],
            "b": [[u0, v0, w0], [u1, v0, w0], [u1, v0, w1], [u0, v0, w1]],
        }
        for name in faces:
            self.corners.append(np.array(sides[name], float))
            self.slots.append(slot)

    def hole(
        self, width: float, height: float, u0: float, u1: float, v0: float, v1: float, depth: float, slot: Slot
    ) -> None:
        """The wall of a cell around a rectangular hole, with its reveals."""
        self.rect(0.0, u0, 0.0, height, 0.0, slot)
        self.rect(u1, width, 0.0, height, 0.0, slot)
        self.rect(u0, u1, 0.0, v0, 0.0, slot)
        self.rect(u0, u1, v1, height, 0.0, slot)
        d = -depth
        reveals = [
            [[u0, v0, d], [u0, v1, d], [u0, v1, 0], [u0, v0, 0]],
            [[u1, v0, 0], [u1, v1, 0], [u1, v1, d], [u1, v0, d]],
            [[u0, v1, d], [u1, v1, d], [u1, v1, 0], [u0, v1, 0]],
            [[u0, v0, 0], [u1, v0, 0], [u1, v0, d], [u0, v0, d]],
        ]
        for quad in reveals:
            self.corners.append(np.array(quad, float))
            self.slots.append(slot)

    def frame(
        self, u0: float, u1: float, v0: float, v1: float, w: float, columns: int, rows: int, bar: float, rich: bool
    ) -> None:
        """Glass at ``w`` behind a frame of bars; ``rich`` gives the bars their sides."""
        self.rect(u0, u1, v0, v1, w, Slot.GLASS)
        front = w + 0.05
        for i in range(columns + 1):
            u = u0 + (u1 - u0) * i / columns
            a, b = max(u0, u - bar / 2 - bar / 2 * (i == columns)), min(u1, u + bar / 2 + bar / 2 * (i == 0))
            faces = "f" + "r" * (i < columns) + "l" * (i > 0) if rich else "f"
            self.box(a, b, v0, v1, w, front, Slot.FRAME, faces)
        for j in range(rows + 1):
            v = v0 + (v1 - v0) * j / rows
            a, b = max(v0, v - bar / 2 - bar / 2 * (j == rows)), min(v1, v + bar / 2 + bar / 2 * (j == 0))
            faces = "f" + "t" * (j < rows) + "b" * (j > 0) if rich else "f"
            self.box(u0 + bar, u1 - bar, a, b, w, front - 0.004, Slot.FRAME, faces)


def window_cell(
    width: float, height: float, window: tuple[float, float], sill: float, *, depth: float = 0.16, columns: int = 2,
    rows: int = 1, rich: bool = True, lintel: bool = True, shutters: bool = False,
) -> Cell:  # fmt: skip
    """A window of the given size in the middle of its bay, above a projecting sill."""
    cell = Cell()
    w, h = min(window[0], width - 0.4), min(window[1], height - sill - 0.25)
    u0, u1, v0, v1 = (width - w) / 2, (width + w) / 2, sill, sill + h
    cell.hole(width, height, u0, u1, v0, v1, depth, Slot.WALL)
    cell.frame(u0, u1, v0, v1, -depth, columns, rows, 0.07, rich)
    cell.box(u0 - 0.08, u1 + 0.08, v0 - 0.09, v0, 0.0, 0.1, Slot.TRIM)
    if lintel:
        cell.box(u0 - 0.12, u1 + 0.12, v1, v1 + 0.18, 0.0, 0.06, Slot.TRIM)
    if shutters and u0 > 0.5 * w + 0.1:
        for a, b in ((u0 - 0.5 * w - 0.03, u0 - 0.03), (u1 + 0.03, u1 + 0.5 * w + 0.03)):
            cell.box(a, b, v0, v1, 0.0, 0.05, Slot.SHUTTER)
    return cell


def plain_cell(width: float, height: float) -> Cell:
    """A bay of wall and nothing else."""
    cell = Cell()
    cell.rect(0.0, width, 0.0, height, 0.0, Slot.WALL)
    return cell


def door_cell(width: float, height: float, *, rich: bool = True) -> Cell:
    """An entrance: panelled door, fanlight, two steps and a small roof."""
    cell = Cell()
    u0, u1, v1 = width / 2 - 0.55, width / 2 + 0.55, min(2.75, height - 0.2)
    cell.hole(width, height, u0, u1, 0.0, v1, 0.28, Slot.WALL)
    cell.rect(u0, u1, 0.0, 2.1, -0.28, Slot.DOOR)
    cell.rect(u0, u1, 2.1, v1, -0.28, Slot.GLASS)
    cell.box(u0, u1, 2.08, 2.16, -0.28, -0.2, Slot.FRAME, "ftb")
    if rich:
        for a, b in ((u0 + 0.12, width / 2 - 0.06), (width / 2 + 0.06, u1 - 0.12)):
            for c, d in ((0.2, 0.85), (1.0, 1.95)):
                cell.box(a, b, c, d, -0.28, -0.255, Slot.DOOR)
        cell.box(width / 2 + 0.36, width / 2 + 0.42, 0.98, 1.12, -0.28, -0.2, Slot.IRON)
    cell.box(u0 - 0.2, u1 + 0.2, 0.0, 0.12, 0.0, 0.32, Slot.BASE, "flrt")
    cell.box(u0 - 0.3, u1 + 0.3, v1 + 0.02, v1 + 0.16, 0.0, 0.45, Slot.TRIM)
    return cell


def shop_cell(width: float, height: float, *, awning: bool, rich: bool = True) -> Cell:
    """A shop front: glass down to a low stall riser, name board above, perhaps an awning."""
    cell = Cell()
    u0, u1, v0, v1 = 0.18, width - 0.18, 0.45, min(2.55, height - 0.75)
    cell.hole(width, height, u0, u1, v0, v1, 0.22, Slot.SHOP)
    cell.frame(u0, u1, v0, v1, -0.22, 2, 1, 0.06, rich)
    cell.box(0.0, width, v1 + 0.12, v1 + 0.62, 0.0, 0.12, Slot.SIGN)
    if awning:
        top, low, out = v1 + 0.1, v1 - 0.45, 1.15
        slope = [[0.05, low, out], [width - 0.05, low, out], [width - 0.05, top, 0.02], [0.05, top, 0.02]]
        cell.corners += [np.array(slope, float), np.array(slope, float)[::-1] - [0.0, 0.012, 0.0]]
        cell.slots += [Slot.AWNING, Slot.AWNING]
        cell.rect(0.05, width - 0.05, low - 0.2, low, out, Slot.AWNING)
    return cell


def shop_door_cell(width: float, height: float, *, rich: bool = True) -> Cell:
    """The glazed door of a shop, under the same name board."""
    cell = Cell()
    v1 = min(2.55, height - 0.75)
    u0, u1 = width / 2 - 0.75, width / 2 + 0.75
    cell.hole(width, height, u0, u1, 0.02, v1, 0.5, Slot.SHOP)
    cell.frame(u0, u1, 0.02, v1, -0.5, 2, 1, 0.11, rich)
    cell.box(0.0, width, v1 + 0.12, v1 + 0.62, 0.0, 0.12, Slot.SIGN)
    return cell


def garage_cell(width: float, height: float) -> Cell:
    """A sectional garage door."""
    cell = Cell()
    w = min(2.5, width - 0.3)
    u0, u1, v1 = (width - w) / 2, (width + w) / 2, min(2.15, height - 0.3)
    cell.hole(width, height, u0, u1, 0.0, v1, 0.2, Slot.WALL)
    for j in range(5):
        cell.box(u0, u1, v1 * j / 5, v1 * (j + 1) / 5 - 0.03, -0.22, -0.2, Slot.DOOR, "ft")
    cell.rect(u0, u1, 0.0, v1, -0.225, Slot.DOOR)
    return cell


def balcony_cell(width: float, height: float, *, rich: bool = True) -> Cell:
    """A french window behind a balcony with an iron railing."""
    cell = Cell()
    w = min(1.5, width - 0.5)
    u0, u1, v1 = (width - w) / 2, (width + w) / 2, min(2.3, height - 0.3)
    cell.hole(width, height, u0, u1, 0.05, v1, 0.16, Slot.WALL)
    cell.frame(u0, u1, 0.05, v1, -0.16, 2, 1, 0.08, rich)
    a, b, out = 0.2, width - 0.2, 1.05
    cell.box(a, b, -0.16, 0.0, 0.0, out, Slot.TRIM)
    for v in (0.12, 0.98):
        cell.box(a, b, v, v + 0.05, out - 0.06, out - 0.01, Slot.IRON)
        for u in (a, b - 0.05):
            cell.box(u, u + 0.05, v, v + 0.05, 0.0, out, Slot.IRON, "lrtb")
    count = 17 if rich else 5
    for u in np.linspace(a + 0.02, b - 0.05, count):
        cell.box(u, u + 0.02, 0.12, 1.0, out - 0.045, out - 0.025, Slot.IRON, "flr")
    return cell


def put_cells(
    builder: MeshBuilder, cell: Cell, origin: Floats, along: Floats, outward: Floats, rows: npt.NDArray[np.integer],
    glass: npt.NDArray[np.integer] | None = None,
) -> None:  # fmt: skip
    """Copy a cell to every origin.

    Args:
        builder: Receives the quads.
        cell: What to copy.
        origin: Lower left corner of each copy [m], (n, 3).
        along: Unit vector u, (3,).
        outward: Unit vector w, (3,).
        rows: Material row of each `Slot`, (nslot,).
        glass: Material row of each copy's panes, (n,); None: as in ``rows``.
    """
    origin = np.asarray(origin, float).reshape(-1, 3)
    if len(origin) == 0:
        return
    basis = np.stack([along, np.array([0.0, 0.0, 1.0]), outward])
    slots = np.array(cell.slots)
    quads = (np.array(cell.corners) @ basis)[None] + origin[:, None, None]
    material = np.broadcast_to(rows[slots], (len(origin), len(slots))).copy()
    if glass is not None:
        material = np.where(slots[None] == Slot.GLASS, np.asarray(glass)[:, None], material)
    builder.quads(quads.reshape(-1, 4, 3), material.ravel(), int(Semantic.BUILDING))
