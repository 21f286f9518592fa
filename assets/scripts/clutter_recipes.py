"""Recipes of street furniture, works equipment and lost things: ready models of the source, and shapes of `clutter`."""

from __future__ import annotations

import clutter
import looks as lk
import numpy as np
from clutter import CONCRETE, IRON, WOOD
from prop_recipes import ALUMINIUM, OBSTACLE, RUBBER
from props import Prop
from sh3f import Soup

from sim.render.mesh import Material, Semantic

STATIC = Semantic.STATIC


def _sideways(soup: Soup) -> Soup:
    """What looks along y in the source, along x."""
    c = soup.corners
    soup.corners = np.stack([c[..., 1], -c[..., 0], c[..., 2]], -1)
    return soup


def _laid(soup: Soup) -> Soup:
    """On its side."""
    c = soup.corners
    soup.corners = np.stack([c[..., 0], -c[..., 2], c[..., 1]], -1)
    return soup


STONE: dict[str, Material | str] = {"Rock": "atlas"}
ALL = [
    Prop("bench", ["bench"], STATIC, 60.0, source="scopia/wood_bank", thin=0.3, picture=256, looks={"wood": "atlas", "hierro": IRON},
         changed="thinned out, normals creased"),
    Prop("concrete_bench", ["bench"], STATIC, 180.0, source="katorlegaz/concrete-bench", thin=0.25, looks={"Wood": WOOD,
         "Concrete": CONCRETE},
         changed="thinned out, recoloured, normals creased"),
    Prop("park_bin", ["litter_bin"], STATIC, 30.0, source="katorlegaz/park-trashcan", thin=0.3,
         looks={"Aluminum": lk.STEEL, "Green": lk.colored("bin green", (0.015, 0.06, 0.03), 0.5)},
              changed="thinned out, recoloured, normals creased"),
    Prop("rock_round", ["rock"], OBSTACLE, 45.0, source="blendswap-cc-0/rock1", looks=STONE, picture=256,
         changed="picture shrunk, normals creased"),
    Prop("rock_flat", ["rock"], OBSTACLE, 60.0, source="blendswap-cc-0/rock2", looks=STONE, picture=256,
         changed="picture shrunk, normals creased"),
    Prop("boulder", ["rock", "boulder"], OBSTACLE, 900.0, source="blendswap-cc-0/rock3", looks=STONE, picture=256, size=(0.95, 1.25, 0.85),
         changed="enlarged, picture shrunk, normals creased"),
    Prop("wheelbarrow", ["wheelbarrow"], OBSTACLE, 18.0, source="blendswap-cc-0/wheelbarrow", thin=0.25, prepare=_sideways, size=(1.5,
         0.62, 0.57),
         looks={"rusty": IRON, "Barrow": lk.colored("barrow green", (0.02, 0.09, 0.035), 0.5, clearcoat=0.4), "rubber|Rubber": RUBBER},
         changed="turned ahead, thinned out, recoloured, normals creased"),
    Prop("suitcase", ["suitcase"], OBSTACLE, 12.0, source="blendswap-cc-by/suitcase", thin=0.3, prepare=_laid, size=(0.24, 0.58, 0.7),
         looks={"Inter": lk.PLASTIC, "Coque": lk.colored("shell", (0.1, 0.02, 0.02), 0.45), "Cein": lk.STEEL, "Poig": lk.PLASTIC},
         changed="laid down, thinned out, recoloured, normals creased"),
    Prop("step_ladder", ["step_ladder"], OBSTACLE, 7.0, source="scopia/step-ladder-metal", prepare=_laid,
         looks={"aluminum": ALUMINIUM, "color": lk.PLASTIC}, changed="laid down, recoloured, normals creased"),
    Prop("plastic_chair", ["chair"], OBSTACLE, 5.0, source="scopia/plastic_chair", thin=0.2, prepare=_laid,
         looks={"metal": lk.STEEL, "red": lk.colored("red shell", (0.4, 0.03, 0.012), 0.45)},
              changed="laid down, thinned out, normals creased"),
    Prop("washing_machine", ["washing_machine"], OBSTACLE, 65.0, source="scopia/clothes_washing_machine", prepare=_laid,
         looks={"glass|rubber|red": lk.PLASTIC, "metal-light|^metal$": lk.STEEL, "grey": lk.STEEL,
                "white-metal-textured|white": lk.colored("enamel", (0.66, 0.66, 0.65), 0.3, clearcoat=0.6)},
         changed="laid down, recoloured, normals creased"),
    Prop("football", ["ball"], OBSTACLE, 0.43, source="blendswap-cc-by/ballonFoot", thin=0.3,
         looks={"Material.001": lk.colored("white leather", (0.7, 0.7, 0.68), 0.4), "Material": lk.colored("black leather", (0.02, 0.02,
              0.02), 0.4)},
         changed="thinned out, recoloured, normals creased"),
    Prop("mailbox", ["mailbox"], STATIC, 15.0, source="blendswap-cc-0/mofx_mailbox", thin=0.3, picture=128, size=(0.52, 0.19, 1.25),
         looks={"Wood": "atlas", "Metal": IRON, "Flag": lk.colored("flag", (0.4, 0.012, 0.012), 0.4)},
              changed="enlarged, thinned out, normals creased"),
    Prop("crowd_barrier", ["crowd_barrier"], STATIC, 18.0, make=clutter.crowd_barrier, category="barrier"),
    Prop("guard_rail", ["guard_rail"], Semantic.GUARD_RAIL, 220.0, make=clutter.guard_rail, category="barrier"),
    Prop("delineator", ["delineator"], Semantic.POLE, 4.0, make=clutter.delineator),
    Prop("jersey_barrier", ["concrete_barrier"], OBSTACLE, 1250.0, make=clutter.jersey, category="barrier"),
    Prop("barricade", ["barricade"], OBSTACLE, 45.0, make=clutter.barricade),
    Prop("arrow_board", ["arrow_board"], OBSTACLE, 450.0, make=clutter.arrow_board),
    Prop("manhole", ["manhole"], OBSTACLE, 80.0, make=clutter.manhole),
    Prop("tyre_tread", ["tyre_tread"], OBSTACLE, 9.0, make=clutter.tread),
    Prop("tarpaulin", ["tarpaulin"], OBSTACLE, 7.0, make=clutter.tarpaulin),
    Prop("bus_shelter", ["bus_shelter"], STATIC, 700.0, make=clutter.shelter, category="barrier"),
    Prop("shopping_cart", ["shopping_cart"], OBSTACLE, 22.0, make=clutter.cart),
    Prop("pipes", ["pipes"], OBSTACLE, 24.0, make=clutter.pipes),
    Prop("sandbags", ["sandbags"], OBSTACLE, 100.0, make=clutter.sandbags),
    Prop("debris", ["debris"], OBSTACLE, 6.0, make=clutter.debris),
    Prop("cabinet", ["cabinet"], STATIC, 90.0, make=clutter.cabinet, category="barrier"),
]  # fmt: skip
