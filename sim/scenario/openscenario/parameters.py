"""Parameters: declarations with their constraints, and values given from outside."""

from __future__ import annotations

from collections.abc import Mapping

from sim.errors import ScenarioError
from sim.scenario.openscenario.expressions import Value
from sim.scenario.openscenario.xml import Node, Scope

NUMERIC = ("integer", "int", "unsignedInt", "unsignedShort", "double")
TYPES = (*NUMERIC, "boolean", "string", "dateTime")
RULES = {
    "lessThan": lambda a, b: a < b, "greaterThan": lambda a, b: a > b, "equalTo": lambda a, b: a == b,
    "lessOrEqual": lambda a, b: a <= b, "greaterOrEqual": lambda a, b: a >= b, "notEqualTo": lambda a, b: a != b,
}  # fmt: skip


class ConstraintBroken(ScenarioError):
    """A value outside a parameter's constraints: an error in a scenario, a draw to be made again in a distribution."""


def declare(node: Node, given: Mapping[str, str] | None = None) -> Node:
    """The element in a scope of its own with its ParameterDeclarations; ``given`` values replace declared ones.

    Raises:
        ScenarioError: for a value of the wrong type, a broken constraint or a parameter that is not declared.
    """
    given = dict(given or {})
    declarations = node.child("ParameterDeclarations")
    if declarations is None:
        if given:
            raise node.error(f"parameter {next(iter(given))!r} is not declared here")
        return node
    scope = Scope(node.scope)
    inner = node.within(scope)
    declared = list(declarations.within(scope).children("ParameterDeclaration"))
    for declaration in declared:
        name = declaration.text("name")
        node.reading.visit(declaration.element, declaration.file).add("value")
        text = given.get(name, declaration.element.get("value"))
        if text is None:
            raise declaration.error(f"parameter {name} has no value")
        declaration.get("parameterType")
        if name in scope.declared:
            node.reading.note(
                declaration.file, declaration.line, f"parameter {name} is declared twice: the first one counts"
            )
            continue
        scope.declare(name, text.strip(), declaration)
    for name in given:
        if name not in scope.declared:
            raise node.error(f"parameter {name!r} is not declared here", f"Declared are {', '.join(scope.declared)}.")
    for declaration in declared:
        _check(declaration, declaration.text("name"))
    return inner


def _check(declaration: Node, name: str) -> None:
    kind = declaration.get("parameterType") or declaration.get("variableType") or "string"
    text = str(_value(declaration, name))
    if kind not in TYPES:
        raise declaration.error(f"the type {kind!r} is not known", f"One of {', '.join(TYPES)}.")
    if kind in NUMERIC and text:
        probe(declaration, text, name)
    groups = list(declaration.children("ConstraintGroup"))
    met = [[_meets(c, text) for c in group.children("ValueConstraint")] for group in groups]
    if groups and not any(all(group) for group in met):
        rules = " or ".join(
            " and ".join(f"{c.text('rule')} {c.text('value')}" for c in group.children("ValueConstraint"))
            for group in groups
        )
        message = f"parameter {name}={text} breaks its constraint"
        raise ConstraintBroken(
            message, file=declaration.file, line=declaration.line, path=declaration.tag, hint=f"It must be {rules}."
        )


def probe(node: Node, text: str, name: str) -> float:
    """A parameter's text as a finite number."""
    try:
        value = float(text)
    except ValueError:
        raise node.error(f"parameter {name}={text!r} is not a number") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise node.error(f"parameter {name}={text!r} is not a finite number")
    return value


def _value(declaration: Node, name: str) -> Value:
    return declaration.resolve(f"${name}", f"parameter {name}")


def _meets(constraint: Node, text: str) -> bool:
    rule = constraint.choice("rule", RULES)
    limit = constraint.text("value")
    try:
        return rule(float(text), float(limit))
    except ValueError:
        return rule(text.lower(), limit.lower())


def assignments(reference: Node) -> dict[str, str]:
    """ParameterAssignments of a reference, worked out in its scope."""
    holder = reference.child("ParameterAssignments")
    if holder is None:
        return {}
    return {parameter_name(a): a.text("value") for a in holder.children("ParameterAssignment")}


def parameter_name(assignment: Node) -> str:
    """Name of the parameter that is assigned; a leading $ is passed over."""
    assignment.reading.visit(assignment.element, assignment.file).add("parameterRef")
    name = assignment.element.get("parameterRef", "").strip().lstrip("$")
    if not name:
        raise assignment.error("attribute parameterRef is missing")
    return name


def variables(root: Node) -> dict[str, float | str]:
    """VariableDeclarations with their first values."""
    holder = root.child("VariableDeclarations")
    out: dict[str, float | str] = {}
    for declaration in holder.children("VariableDeclaration") if holder is not None else ():
        name, kind = declaration.text("name"), declaration.get("variableType")
        text = declaration.text("value")
        out[name] = probe(declaration, text, name) if kind in NUMERIC else text
    return out
