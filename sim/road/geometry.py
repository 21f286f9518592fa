"""Plan-view curves of OpenDRIVE in float64: line, arc, spiral, cubic and parametric cubic (ASAM OpenDRIVE 1.8, chapter 9)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.polynomial.legendre import leggauss

Floats = npt.NDArray[np.floating]

_NODES, _WEIGHTS = leggauss(8)


@dataclass(frozen=True)
class Cubic:
    """a + b ds + c ds^2 + d ds^3, valid from ``s``."""

    s: float
    a: float
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0

    def value(self, s: Any) -> Any:
        """The polynomial at ``s``."""
        ds = s - self.s
        return self.a + ds * (self.b + ds * (self.c + ds * self.d))

    def slope(self, s: Any) -> Any:
        """Its derivative at ``s``."""
        ds = s - self.s
        return self.b + ds * (2 * self.c + 3 * ds * self.d)


def piece(cubics: tuple[Cubic, ...] | list[Cubic], s: float) -> Cubic | None:
    """The record valid at ``s``: the last that begins at or before it."""
    found = None
    for cubic in cubics:
        if cubic.s <= s + 1e-9:
            found = cubic
        else:
            break
    return found if found is not None or not cubics else cubics[0]


def piecewise(cubics: tuple[Cubic, ...] | list[Cubic], s: float) -> float:
    """Value of a list of records at ``s``; 0 where there are none."""
    cubic = piece(cubics, s)
    return cubic.value(s) if cubic else 0.0


def piecewise_slope(cubics: tuple[Cubic, ...] | list[Cubic], s: float) -> float:
    """Derivative of a list of records at ``s``."""
    cubic = piece(cubics, s)
    return cubic.slope(s) if cubic else 0.0


def piecewise_array(cubics: tuple[Cubic, ...] | list[Cubic], s: Floats) -> Floats:
    """`piecewise` at an array of s."""
    out = np.zeros(len(s))
    if not cubics:
        return out
    which = np.clip(np.searchsorted([c.s for c in cubics], s + 1e-9, side="right") - 1, 0, len(cubics) - 1)
    for i in np.unique(which):
        rows = which == i
        out[rows] = cubics[i].value(s[rows])
    return out


@dataclass(frozen=True)
class Geometry:
    """One piece of a reference line; subclasses say its shape."""

    s: float
    x: float
    y: float
    hdg: float
    length: float

    def local(self, ds: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """u, v [m] in the frame of the start, turn since the start [rad] and curvature [1/m] at arc lengths ``ds``."""
        return ds, np.zeros_like(ds), np.zeros_like(ds), np.zeros_like(ds)

    def evaluate(self, ds: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """x, y [m], heading [rad], curvature [1/m] at arc lengths ``ds`` from the start."""
        u, v, turn, curvature = self.local(np.asarray(ds, float))
        c, s = math.cos(self.hdg), math.sin(self.hdg)
        return self.x + c * u - s * v, self.y + s * u + c * v, self.hdg + turn, curvature

    def at(self, ds: float) -> tuple[float, float, float, float]:
        """`evaluate` at one arc length."""
        return tuple(float(c[0]) for c in self.evaluate(np.array([ds])))  # pyright: ignore[reportReturnType]


@dataclass(frozen=True)
class Line(Geometry):
    """Straight."""

    def at(self, ds: float) -> tuple[float, float, float, float]:
        """See `Geometry.at`."""
        return self.x + math.cos(self.hdg) * ds, self.y + math.sin(self.hdg) * ds, self.hdg, 0.0


@dataclass(frozen=True)
class Arc(Geometry):
    """Constant curvature [1/m]."""

    curvature: float = 0.0

    def local(self, ds: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """See `Geometry.local`."""
        k = self.curvature
        if abs(k) < 1e-9:
            return ds, k * ds * ds / 2, k * ds, np.full_like(ds, k)
        turn = k * ds
        return np.sin(turn) / k, 2.0 * np.sin(turn / 2) ** 2 / k, turn, np.full_like(ds, k)

    def at(self, ds: float) -> tuple[float, float, float, float]:
        """See `Geometry.at`."""
        k = self.curvature
        u, v = ds, k * ds * ds / 2
        if abs(k) >= 1e-9:
            u, v = math.sin(k * ds) / k, 2.0 * math.sin(k * ds / 2) ** 2 / k
        c, s = math.cos(self.hdg), math.sin(self.hdg)
        return self.x + c * u - s * v, self.y + s * u + c * v, self.hdg + k * ds, k


@dataclass(frozen=True)
class Spiral(Geometry):
    """Curvature changing linearly."""

    curv_start: float = 0.0
    curv_end: float = 0.0

    def local(self, ds: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """See `Geometry.local`."""
        return _clothoid(ds, self.curv_start, (self.curv_end - self.curv_start) / self.length)


def _clothoid(ds: Floats, k0: float, k1: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Integrates heading k0 s + k1 s^2 / 2 by composite Gauss-Legendre quadrature (error below 1e-9 m for sane roads)."""
    ds = np.atleast_1d(ds)
    peak = float(np.max(np.abs(ds), initial=0.0))
    turn = abs(k0) * peak + abs(k1) * peak * peak / 2
    parts = max(1, math.ceil(turn / 0.5))
    u, v = np.zeros_like(ds), np.zeros_like(ds)
    for i in range(parts):
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            t = ds * ((i + 0.5 + node / 2) / parts)
            phi = k0 * t + k1 * t * t / 2
            u += weight / 2 * np.cos(phi)
            v += weight / 2 * np.sin(phi)
    return u * ds / parts, v * ds / parts, k0 * ds + k1 * ds * ds / 2, k0 + k1 * ds


@dataclass(frozen=True)
class ParamPoly3(Geometry):
    """u(p), v(p) cubic in p; ``p_length``: p at the end (arc length, or 1 if normalised). Poly3 is u = p."""

    u: Cubic = Cubic(0, 0, 1)
    v: Cubic = Cubic(0, 0)
    p_length: float = 1.0

    def _table(self) -> tuple[Floats, Floats]:
        p = np.linspace(0.0, self.p_length, 1001)
        speed = np.hypot(self.u.slope(p), self.v.slope(p))
        mid = (p[:-1] + p[1:]) / 2
        middle = np.hypot(self.u.slope(mid), self.v.slope(mid))
        arc = np.concatenate([[0.0], np.cumsum((speed[:-1] + 4 * middle + speed[1:]) / 6 * np.diff(p))])
        return p, arc

    def local(self, ds: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """See `Geometry.local`; p is found from the arc length, scaled so that the curve's end is the record's length."""
        p, arc = self._table()
        q = np.interp(ds, arc * (self.length / arc[-1]), p)
        du, dv = self.u.slope(q), self.v.slope(q)
        ddu, ddv = 2 * self.u.c + 6 * self.u.d * q, 2 * self.v.c + 6 * self.v.d * q
        curvature = (du * ddv - dv * ddu) / np.maximum(np.hypot(du, dv) ** 3, 1e-12)
        return self.u.value(q), self.v.value(q), np.arctan2(dv, du), curvature
