"""Checks of a whole file that single fields cannot make: parameters and the dimensions of what refers to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from sim.errors import Faults, ScenarioError, first_of
from sim.scenario.bodies import served_kinds
from sim.scenario.distributions import Node, Reference, Word, children, dimension_of, references
from sim.scenario.draws import closure
from sim.scenario.fields import Quantity, check_dimension, suggest
from sim.scenario.grammar import parse_value
from sim.scenario.schema import KINDS, ScenarioFile
from sim.scenario.source import Path_, Source
from sim.scenario.units import Dimension, QuantityError

MAX_PARAMETERS = 200


def parse_parameters(model: ScenarioFile, source: Source) -> dict[str, Node]:
    """The named parameters; a plain word is allowed, too.

    Raises:
        ScenarioError: if one is malformed or depends on itself.
    """
    found: dict[str, Node] = {}
    if len(model.parameters) > MAX_PARAMETERS:
        raise source.error(f"more than {MAX_PARAMETERS} parameters", ("parameters",))
    with Faults() as faults:
        for name, text in model.parameters.items():
            with faults.kept():
                found[name] = _parse_parameter(name, text, source)
        for name, node in found.items():
            for other in references(node) - set(model.parameters):
                hint = suggest(other, found)
                faults.found.append(source.error(f"${other} is not a parameter", ("parameters", name), hint))
    _refuse_cycles(found, source)
    return found


def _parse_parameter(name: str, text: str, source: Source) -> Node:
    path: Path_ = ("parameters", name)
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise source.error(f"{name!r} cannot name a parameter", path, "Letters, digits and underscores.")
    try:
        return Word(text) if re.fullmatch(r"[A-Za-z_][\w-]*", text) else parse_value(text)
    except QuantityError as error:
        raise source.error(error.message, path, error.hint) from None


def _refuse_cycles(parameters: dict[str, Node], source: Source) -> None:
    done: set[str] = set()
    for first in parameters:
        trail: list[str] = []
        stack = [(first, iter(sorted(references(parameters[first]))))]
        trail.append(first)
        while stack:
            name, rest = stack[-1]
            nxt = next(rest, None)
            if nxt is None:
                stack.pop()
                trail.pop()
                done.add(name)
            elif nxt in trail:
                raise source.error(f"parameter {nxt!r} depends on itself", ("parameters", nxt))
            elif nxt not in done:
                trail.append(nxt)
                stack.append((nxt, iter(sorted(references(parameters[nxt])))))


def quantities(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Quantity]]:
    """All quantities of a model with their paths."""
    if isinstance(value, Quantity):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from quantities(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from quantities(item, (*path, key))
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from quantities(item, (*path, i))


def check_values(model: ScenarioFile, parameters: dict[str, Node], source: Source) -> set[str]:
    """Check the dimension of every value, parameters included, and every kind; returns the names of parameters the map uses.

    Raises:
        ScenarioError: with all that do not fit.
    """
    types: dict[str, Dimension | None] = {}

    def type_of(name: str) -> Dimension | None:
        if name not in parameters:
            raise QuantityError(
                f"${name} is not a parameter", suggest(name, parameters) if parameters else "There are none."
            )
        if name not in types:
            types[name] = dimension_of(parameters[name], type_of)
        return types[name]

    used: set[str] = set()
    wrong: set[str] = set()
    with Faults() as faults:
        for name in _by_dependence(parameters):
            # What uses a parameter that is wrong is no fault of its own.
            if not closure(references(parameters[name]), parameters) & wrong:
                try:
                    type_of(name)
                except QuantityError as error:
                    wrong.add(name)
                    faults.found.append(source.error(error.message, ("parameters", name), error.hint))
        for path, quantity in quantities(model):
            names = references(quantity.node)
            if closure(names, parameters) & wrong:
                continue
            try:
                check_dimension(quantity, dimension_of(quantity.node, type_of))
            except QuantityError as error:
                faults.found.append(source.error(error.message, path, error.hint))
                continue
            if path[0] in ("map", "setting"):
                used |= names
        faults.found += unserved_kinds(model, parameters, source)
    return used


def _by_dependence(parameters: dict[str, Node]) -> list[str]:
    """Names of parameters, each after all that it depends on: without cycles it has more below it than any of these."""
    return sorted(parameters, key=lambda name: len(closure({name}, parameters)))


def unserved_kinds(model: ScenarioFile, parameters: dict[str, Node], source: Source) -> Iterator[ScenarioError]:
    """A fault for every kind that may be drawn and that neither an asset serves nor its actor names one for."""
    served = served_kinds()
    for path, quantity in quantities(model):
        named = path[0] == "actors" and model.actors[str(path[1])].asset is not None
        if not is_kind(quantity) or named:
            continue
        for kind in words_of(quantity.node, parameters):
            if kind in KINDS and kind not in served:
                known = ", ".join(sorted(k for k in KINDS if k in served))
                yield source.error(f"there is no asset of kind {kind!r}", path, f"Kinds that have one: {known}.")


def is_kind(quantity: Quantity) -> bool:
    """Whether a value is the kind of an actor."""
    return quantity.words is not None and quantity.words[: len(KINDS)] == tuple(KINDS)


def words_of(node: Node, parameters: dict[str, Node]) -> Iterator[str]:
    """Every word that a value may come to, known parameters included (they hold no cycles)."""
    if isinstance(node, Word):
        yield node.text
    elif isinstance(node, Reference):
        if node.name in parameters:
            yield from words_of(parameters[node.name], parameters)
    else:
        for child in children(node):
            yield from words_of(child, parameters)


def schema_error(error: ValidationError, source: Source) -> ScenarioError:
    """Pydantic's findings as one error: the first in the file, with the others along."""
    found = []
    for item in error.errors():
        context = item.get("ctx", {})
        path = _real_path(item["loc"], source.data)
        path = (*path, *context.get("at", ()))
        message, hint = context.get("message", item["msg"]), context.get("hint", "")
        if item["type"] == "missing":
            name = item["loc"][-1]
            message, hint = f"key {name!r} is missing", ""
            path = path if path and path[-1] != name else path[:-1]
        elif item["type"] == "bool_parsing" or item["type"] == "bool_type":
            message, hint = "expected true or false", ""
        elif item["type"].endswith("_type") and not context.get("message"):
            wanted = {"dict_type": "a mapping", "list_type": "a list", "string_type": "a text"}
            message, hint = f"expected {wanted.get(item['type'], 'something else')}", ""
        found.append(source.error(message, path, hint))
    return first_of(found)


def _real_path(loc: tuple[int | str, ...], data: Any) -> Path_:
    """Pydantic's location without the tags of unions."""
    out: list[int | str] = []
    for part in loc:
        if isinstance(part, str) and part.startswith("@"):
            continue
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif part == 0 and not isinstance(data, list):
            continue
        else:
            out.append(part)
            break
        out.append(part)
    return tuple(out)
