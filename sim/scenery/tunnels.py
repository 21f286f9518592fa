"""Tunnels: walls, a vault, portals and lamps around stretches of road, under a bank of earth."""

from __future__ import annotations

import numpy as np

from sim.render.mesh import Light, Material, Role, Semantic, Surface
from sim.road.elements import DRIVABLE, Tunnel
from sim.road.lanes import lane_borders, surface_points
from sim.road.network import Road
from sim.scenery.parts import Floats, MeshBuilder
from sim.scenery.site import Site
from sim.types import Solid

STEP, CLEAR, KERB = 4.0, 0.8, 0.15
"""Length of the pieces it is built of; width and height of the walkways between its lanes and walls [m]."""
PAVED = DRIVABLE | {"shoulder", "stop", "biking", "sidewalk"}
WALL, CROWN, COVER = 4.7, 1.3, 0.9
"""Height of its walls, rise of its vault above them, and thickness [m]."""
LAMPS = 10.0
"""From lamp to lamp, of two rows where it is wide [m]."""
INTENSITY = (2.6, 2.5, 2.2)
"""On the axis of a lamp, in the sky's scale times m^2: by day a road in a tunnel has about a hundredth of the light outside."""
LINING = Material("tunnel lining", (0.42, 0.41, 0.39), 0.7, surface=Surface.CONCRETE)
PORTAL = Material("tunnel portal", (0.36, 0.355, 0.34), 0.9, surface=Surface.CONCRETE)
EARTH = Material("bank over a tunnel", (0.075, 0.105, 0.035), 0.95, surface=Surface.GRASS)
GLASS = Material("tunnel lamp", (0.6, 0.6, 0.58), 0.3, emission=(5.0, 4.8, 4.2), role=Role.TUNNEL_LAMP)
DARK = Material("tunnel lamp, off", (0.4, 0.4, 0.38), 0.4)


def put_tunnels(site: Site) -> None:
    """Adds the tunnels of all roads."""
    for road in site.network.order:
        for tunnel in road.tunnels:
            first, last = max(tunnel.s, 0.0), min(tunnel.s + tunnel.length, road.length)
            if last - first > 2.0 * STEP:
                _put_tunnel(site, road, tunnel, np.linspace(first, last, int((last - first) / STEP) + 2))


def _borders(road: Road, s: Floats) -> tuple[Floats, Floats]:
    """T of the right and left wall along ``s``."""
    low, high = np.empty_like(s), np.empty_like(s)
    for i, x in enumerate(s):
        k = road.section_index(float(x))
        lanes, borders = road.sections[k].lanes, lane_borders(road, k, s[i : i + 1])
        paved = [float(t[0]) for j, t in borders.items() if j == 0 or lanes[j].kind in PAVED]
        low[i], high[i] = min(paved) - CLEAR, max(paved) + CLEAR
    return low, high


def _put_tunnel(site: Site, road: Road, tunnel: Tunnel, s: Floats) -> None:
    right, left = _borders(road, s)
    # The profile from the right wall's foot over the vault to the left wall's: (share of the width, height).
    angle = np.linspace(0.0, np.pi, 9)
    share = np.concatenate([[0.0], 0.5 - 0.5 * np.cos(angle), [1.0]])
    height = np.concatenate([[-0.4], WALL + CROWN * np.sin(angle), [-0.4]])
    inner = surface_points(road, s, right[:, None] + (left - right)[:, None] * share, height)
    outer = surface_points(
        road, s, right[:, None] - COVER + (left - right + 2 * COVER)[:, None] * share, height + np.r_[0.0, [COVER] * 9, 0.0]
    )  # fmt: skip
    wall = int(Semantic.WALL)
    builder = site.builder
    _sheets(builder, inner, LINING, wall, inside=True)
    _sheets(builder, outer, EARTH, int(Semantic.TERRAIN), inside=False)
    for row, flip in ((0, False), (-1, True)):
        ring = np.stack([inner[row, :-1], outer[row, :-1], outer[row, 1:], inner[row, 1:]], 1)
        builder.quads(ring[:, ::-1] if flip else ring, PORTAL, wall)
    for first, last in ((right, right + CLEAR), (left - CLEAR, left)):
        t = np.stack([first, first, last, last], 1)
        walk = surface_points(road, s, t, np.array([-0.3, KERB, KERB, -0.3]))
        _sheets(builder, walk, PORTAL, int(Semantic.SIDEWALK), inside=True)
    for side in (0, -1):
        builder.solids.chain(Solid.WALL, inner[:, side] + [0.0, 0.0, 0.4], 0.3, WALL)
        site.taken.claim_discs(inner[:, side, :2], 2.5)
    _put_lamps(site, road, tunnel, s, right, left)


def _sheets(builder: MeshBuilder, grid: Floats, material: Material, semantic: int, *, inside: bool) -> None:
    """Quads between the rows of a grid (n, k, 3), seen from inside or outside."""
    quads = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], 2).reshape(-1, 4, 3)
    builder.quads(quads if not inside else quads[:, ::-1], material, semantic)


def _put_lamps(site: Site, road: Road, tunnel: Tunnel, s: Floats, right: Floats, left: Floats) -> None:
    """Lamps under the vault, which shine by day and night where the tunnel is lit."""
    at = np.arange(s[0] + 0.5 * LAMPS, s[-1], LAMPS)
    wide = float((left - right).max()) > 9.0
    for share in (0.3, 0.7) if wide else (0.5,):
        t = np.interp(at, s, right) + share * np.interp(at, s, left - right)
        under = surface_points(road, at, t, WALL + CROWN * float(np.sin(np.pi * share)) - 0.35)
        _, _, heading, _ = road.line(at)
        site.builder.boxes(
            under, (1.4, 0.25, 0.12), heading, GLASS if tunnel.lit else DARK, int(Semantic.STATIC), bottom=True
        )
        # Lamps that are off count as well: where there are some, the renderer asks for roofs. One light stands for two housings.
        for p in under[:: 2 if wide else 1]:
            power = float(tunnel.lit) * (2.0 if wide else 1.0)
            intensity = (power * INTENSITY[0], power * INTENSITY[1], power * INTENSITY[2])
            pos = (float(p[0]), float(p[1]), float(p[2]) - 0.1)
            site.lights.append(Light(pos, (0.0, 0.0, -1.0), intensity, 0.35, -0.1, Role.TUNNEL_LAMP))
