"""What a recipe says of one vehicle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from doors import DoorCut
from sh3f import Soup

from sim.render.mesh import Material, Role, Semantic

Rect = tuple[float, float, float, float]


@dataclass
class Recipe:
    """How one model becomes a vehicle."""

    name: str
    source: str
    kinds: list[str]
    category: str
    semantic: Semantic
    mass: float
    tyre: str
    looks: dict[str, Material | str]
    """Regex of material names -> material; 'atlas' keeps the picture, 'paint' and 'ivory' tint it. The first match counts."""
    max_steer: float = 0.6
    drop_looks: str = ""
    drop_groups: str = ""
    atlas: str = ""
    """Look whose picture is edited and whose faces hold lamps."""
    patches: list[tuple[Rect, object]] = field(default_factory=list)
    """Areas of the picture to repaint; a text makes a number plate, "@text" a display, None fills from around."""
    erase: list[Rect] = field(default_factory=list)
    """Areas of the picture whose faces go."""
    lamps: list[tuple[Rect, Role]] = field(default_factory=list)
    """Areas of the picture that are lamps; faces are cut along them. INDICATOR_LEFT means: by side."""
    blink: float = 0.0
    """Share of the width of head and rear lamps, at the outside, that is an indicator; 0: they are where ``lamps`` says."""
    blink_rear: str = "TAIL_LAMP"
    """Rear lamp that holds indicators."""
    rim: list[Rect] = field(default_factory=list)
    painted: list[Rect] = field(default_factory=list)
    """Areas of the picture that take the actor's paint, where it is light."""
    thin: list[tuple[str, float]] = field(default_factory=list)
    """Regex of material names -> share of their triangles to keep; every pattern that matches a look applies once."""
    prepare: Callable[[Soup], Soup] | None = None
    plates: list[tuple[str, str]] = field(default_factory=list)
    """Regex of material names of plain plates -> text painted on them."""
    plate_at: list[tuple[float, float]] = field(default_factory=list)
    """Where plates are missing: (x, z) of their middles in the model's frame [m]; the nearer end says which way they face."""
    doors: list[DoorCut] = field(default_factory=list)
    hitch: float | None = None
    """Where it pulls a trailer: ahead of its rear axle [m]."""
    towbar: bool = False
    """Whether a trailer hangs on a ball behind its bumper."""
    coupler: float | None = None
    """Of a trailer: where it is pulled, ahead of the middle of its axles [m]."""
    parameters: str = ""
    """Its parameter set (`sim.physics.sets`); empty: that of its category."""
    stands_for: str = ""
    """The vehicle in whose place it may be drawn, as its box, mass and axles are those."""
    variants: list[dict[str, Any]] = field(default_factory=list)
    """More looks of the mesh, from `pack.look`."""
    folder: str = "vehicles"
    changed: str = "wheels and lamps split off, badge and plates replaced, normals creased"
