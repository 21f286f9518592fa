"""Elements of an OpenSCENARIO file with their parameters put in, and a record of what was read of them.

Whatever of a visited element is left unread, attribute or child, becomes a note by name and line: nothing of a file is dropped in silence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sim.errors import Origin, ScenarioError
from sim.scenario.opendrive.reader import NUMBER_HINT, read_xml
from sim.scenario.openscenario.expressions import ExpressionError, Value, evaluate, format_value
from sim.scenario.world import Note

MAX_BYTES = 16 << 20
MAX_TEXT = 100_000
"""Longest text of an attribute [characters]."""

T = TypeVar("T")

IGNORED = frozenset({"FileHeader", "License", "ParameterDeclarations", "VariableDeclarations", "ConstraintGroup"})
"""Elements that change nothing of what happens, or are read elsewhere."""


class Unsupported(Exception):
    """Valid content that Swerve cannot carry out: the element around it becomes a note."""

    def __init__(self, node: Node, message: str) -> None:
        self.node = node
        self.message = message
        super().__init__(message)


class Reading:
    """What was read of the files of one scenario, and what was not understood."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._used: dict[etree._Element, set[str]] = {}
        self._files: dict[etree._Element, Path] = {}

    def visit(self, element: etree._Element, file: Path) -> set[str]:
        """Attributes of an element that were read so far."""
        self._files[element] = file
        return self._used.setdefault(element, set())

    def note(self, file: Path, line: int, message: str) -> None:
        """Keep a note once."""
        note = Note(str(file), line, message)
        if note not in self.notes:
            self.notes.append(note)

    def finish(self) -> list[Note]:
        """Notes of everything that was left unread, by file and line."""
        for element, used in self._used.items():
            file = self._files[element]
            for name in element.attrib:
                if str(name) not in used and not str(name).startswith("{"):
                    self.note(file, element.sourceline, f"attribute {name} of {element.tag} is not used")
            for child in element:
                if isinstance(child.tag, str) and child not in self._used and child.tag not in IGNORED:
                    name = f" {child.get('name')}" if child.get("name") else ""
                    self.note(file, child.sourceline, f"element {child.tag}{name} is not used")
        self.notes.sort(key=lambda note: (note.file, note.line))
        return self.notes


class Scope:
    """Parameters by name, with those around them; declared values are worked out when they are first asked for."""

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.values: dict[str, Value] = {}
        self.declared: dict[str, tuple[Node, str]] = {}
        """Node that declares it and its text, not yet worked out."""
        self._active: set[str] = set()

    def declare(self, name: str, text: str, node: Node) -> None:
        """Add a parameter; ``text`` is worked out in the scope of ``node``."""
        self.declared[name] = node, text

    def value(self, name: str) -> Value:
        """Value of a parameter.

        Raises:
            ExpressionError: if there is none, or it depends on itself.
        """
        if name in self.values:
            return self.values[name]
        if name in self._active:
            raise ExpressionError(f"parameter ${name} depends on itself")
        if name in self.declared:
            node, text = self.declared[name]
            self._active.add(name)
            try:
                self.values[name] = node.resolve(text, f"parameter {name}")
            finally:
                self._active.discard(name)
            return self.values[name]
        if self.parent is not None:
            return self.parent.value(name)
        raise ExpressionError(f"parameter ${name} is not declared")

    def __contains__(self, name: str) -> bool:
        return name in self.declared or name in self.values or (self.parent is not None and name in self.parent)


class Node:
    """An element of a file, read in a scope of parameters."""

    __slots__ = ("_used", "element", "file", "reading", "scope")

    def __init__(self, element: etree._Element, file: Path, reading: Reading, scope: Scope) -> None:
        self.element = element
        self.file = file
        self.reading = reading
        self.scope = scope
        self._used = reading.visit(element, file)

    @property
    def tag(self) -> str:
        """Name of the element."""
        return str(self.element.tag)

    @property
    def line(self) -> int:
        """Line of the file, from 1."""
        return self.element.sourceline or 0

    @property
    def origin(self) -> Origin:
        """File and line."""
        return Origin(str(self.file), self.line)

    def within(self, scope: Scope) -> Node:
        """The same element in another scope."""
        return Node(self.element, self.file, self.reading, scope)

    def error(self, message: str, hint: str | None = None) -> ScenarioError:
        """An error at this element."""
        return ScenarioError(message, file=self.file, line=self.line, path=self.tag, hint=hint)

    def note(self, message: str) -> None:
        """A note at this element; what it holds is not noted again."""
        self.reading.note(self.file, self.line, message)
        for element in self.element.iter():
            if isinstance(element.tag, str):
                self.reading.visit(element, self.file).update(str(k) for k in element.attrib)

    # --- attributes ---------------------------------------------------------------------------------------------------

    def resolve(self, text: str, what: str) -> str:
        """A text with its parameter or expression worked out."""
        if not text.startswith("$"):
            return text
        try:
            if text.startswith("${"):
                if not text.rstrip().endswith("}"):
                    raise ExpressionError("a closing } is missing")
                return format_value(evaluate(text.strip()[2:-1], self.scope.value))
            return format_value(self.scope.value(text[1:]))
        except ExpressionError as error:
            raise self.error(
                f"{what}={text[:80]!r}: {error}",
                "An expression ${...} holds numbers, $parameters, + - * / %, comparisons and functions.",
            ) from None
        except RecursionError:
            raise self.error(f"{what}: the parameters depend on each other too deeply") from None

    def get(self, name: str, default: str | None = None) -> str | None:
        """Text of an attribute, or the default if it is missing."""
        self._used.add(name)
        text = self.element.get(name)
        if text is None:
            return default
        if len(text) > MAX_TEXT:
            raise self.error(f"attribute {name} is {len(text)} characters long", f"At most {MAX_TEXT}.")
        return self.resolve(text.strip(), name)

    def label(self, name: str = "name") -> str:
        """A name, or a reference to one; what cannot be worked out is taken as it stands."""
        try:
            return self.get(name, "") or ""
        except ScenarioError as error:
            self.reading.note(self.file, self.line, f"the name is taken as text: {error.message}")
            return self.element.get(name, "")

    def text(self, name: str) -> str:
        """Text of an attribute that must be there."""
        value = self.get(name)
        if value is None:
            raise self.error(f"attribute {name} is missing")
        return value

    def number(
        self, name: str, default: float | None = None, *, low: float = -math.inf, infinite: bool = False
    ) -> float:
        """A number.

        Args:
            name: Attribute.
            default: Where the attribute is missing; None: it must be there.
            low: Least value allowed.
            infinite: Whether 'INF' stands for no limit here.
        """
        text = self.get(name)
        if text is None or text == "":
            if default is None:
                raise self.error(f"attribute {name} is missing", NUMBER_HINT)
            return default
        try:
            value = float(text)
        except ValueError:
            raise self.error(f"{name}={text[:80]!r} is not a number", NUMBER_HINT) from None
        if math.isnan(value) or (math.isinf(value) and not infinite):
            raise self.error(f"{name}={text!r} is not a finite number", NUMBER_HINT)
        if value < low:
            raise self.error(f"{name}={text} is too small", f"At least {low:g}.")
        return value

    def optional(self, name: str) -> float | None:
        """A number that may be missing."""
        return self.number(name) if self.get(name) not in (None, "") else None

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.number(name, None if default is None else float(default))
        if value != int(value):
            raise self.error(f"{name}={value:g} is not a whole number")
        return int(value)

    def truth(self, name: str, default: bool | None = None) -> bool:
        """True or false."""
        text = self.get(name)
        if text is None:
            if default is None:
                raise self.error(f"attribute {name} is missing", "true or false belongs here.")
            return default
        if text.lower() not in ("true", "false", "1", "0"):
            raise self.error(f"{name}={text!r} is neither true nor false")
        return text.lower() in ("true", "1")

    def choice(self, name: str, options: Mapping[str, T], default: str | None = None) -> T:
        """One of a closed set of words."""
        text = self.get(name, default)
        if text is None:
            raise self.error(f"attribute {name} is missing", f"One of {', '.join(options)}.")
        if text not in options:
            raise self.error(f"{name}={text!r} is not known", f"One of {', '.join(options)}.")
        return options[text]

    # --- children -----------------------------------------------------------------------------------------------------

    def _wrap(self, element: etree._Element) -> Node:
        return Node(element, self.file, self.reading, self.scope)

    def child(self, tag: str) -> Node | None:
        """First child of a name."""
        found = self.element.find(tag)
        return None if found is None else self._wrap(found)

    def need(self, tag: str) -> Node:
        """A child that must be there."""
        found = self.child(tag)
        if found is None:
            raise self.error(f"the element {tag} is missing")
        return found

    def children(self, tag: str) -> Iterator[Node]:
        """Children of a name."""
        for element in self.element.findall(tag):
            yield self._wrap(element)

    def all(self) -> Iterator[Node]:
        """All children."""
        for element in self.element:
            if isinstance(element.tag, str) and element.tag not in IGNORED:
                yield self._wrap(element)

    def only(self) -> Node:
        """The child of an element that holds one of several."""
        for child in self.all():
            return child
        raise self.error("the element is empty")


def open_root(file: Path, what: str) -> etree._Element:
    """Root of an OpenSCENARIO file, names without namespaces.

    Raises:
        ScenarioError: if it cannot be read or is something else.
    """
    root = read_xml(file, what, MAX_BYTES)
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.startswith("{"):
            element.tag = etree.QName(element).localname
    if root.tag != "OpenSCENARIO":
        raise ScenarioError(
            f"the root element is {root.tag}, not OpenSCENARIO",
            file=file,
            line=root.sourceline,
            hint="OpenSCENARIO XML 1.0 to 1.3.",
        )
    return root
