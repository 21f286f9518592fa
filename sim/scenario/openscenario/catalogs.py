"""Catalogs: entries by catalog and name, read from the folders that a scenario names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from sim.errors import ScenarioError
from sim.scenario.openscenario.parameters import assignments, declare
from sim.scenario.openscenario.xml import Node, Reading, Scope, open_root

MAX_UP = 3
"""Folders that a path may climb above the scenario's own."""

MAX_FILES = 500
MAX_DEPTH = 16
"""Catalog entries that may lie inside each other."""


def inside(node: Node, base: Path, text: str, suffixes: tuple[str, ...] = ()) -> Path:
    """A path of a file, relative to ``base``, that stays within the folders around it.

    Raises:
        ScenarioError: if it is absolute, climbs out or has another suffix.
    """
    named = Path(text.replace("\\", "/"))
    climbs = sum(part == ".." for part in named.parts)
    hint = f"Use a path relative to the file's folder, at most {MAX_UP} folders up."
    if named.is_absolute() or (len(text) > 1 and text[1] == ":"):
        raise node.error(f"the path {text!r} is absolute", hint)
    if "\0" in text or len(text) > 1000:
        raise node.error("the path is not usable", hint)
    base = base.resolve()
    roots = [base, *base.parents][: MAX_UP + 1]
    root = next((r for r in reversed(roots) if len(r.parts) > 2), base)
    path = (base / named).resolve()
    if climbs > MAX_UP or not path.is_relative_to(root):
        raise node.error(f"the path {text!r} climbs out of {root}", hint)
    if suffixes and path.suffix.lower() not in suffixes:
        raise node.error(f"{text!r} is not a file of type {' or '.join(suffixes)}")
    return path


class Catalogs:
    """All catalogs of a scenario; files are read once, entries are given out with their parameters assigned."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.files: list[Path] = []
        self._entries: dict[str, dict[str, tuple[etree._Element, Path]]] = {}
        self._open: list[tuple[str, str]] = []

    def load(self, locations: Node | None, base: Path) -> None:
        """Read the catalogs of all locations.

        Raises:
            ScenarioError: if a folder is missing, climbs out, or a file in it is broken.
        """
        for location in locations.all() if locations is not None else ():
            directory = location.need("Directory")
            folder = inside(directory, base, directory.text("path"))
            if folder.is_file():
                folder = folder.parent
            if not folder.is_dir():
                self.reading.note(
                    directory.file, directory.line, f"the catalog folder {directory.text('path')!r} does not exist"
                )
                continue
            files = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".xosc" and p.is_file())
            if len(files) + len(self.files) > MAX_FILES:
                raise directory.error(f"the folder holds {len(files)} files", f"At most {MAX_FILES} catalogs.")
            for file in files:
                if file not in self.files:
                    self._read(file)

    def _read(self, file: Path) -> None:
        root = open_root(file, "a catalog")
        catalog = root.find("Catalog")
        if catalog is None:
            return
        self.files.append(file)
        for entry in catalog:
            if isinstance(entry.tag, str) and entry.get("name"):
                for name in {catalog.get("name", file.stem), file.stem}:
                    self._entries.setdefault(name, {}).setdefault(str(entry.get("name")), (entry, file))

    @contextmanager
    def entry(self, reference: Node, *tags: str) -> Iterator[Node]:
        """The element that a CatalogReference names, in a scope with its parameters.

        Raises:
            ScenarioError: if there is none, it is of another kind, or entries hold each other.
        """
        catalog, name = reference.text("catalogName"), reference.text("entryName")
        given = assignments(reference)
        found = self._entries.get(catalog, {}).get(name)
        if found is None:
            if catalog not in self._entries:
                known = ", ".join(self._entries) or "none"
                raise reference.error(f"there is no catalog {catalog!r}", f"Catalogs found: {known}.")
            known = ", ".join(list(self._entries[catalog])[:12])
            raise reference.error(f"catalog {catalog} has no entry {name!r}", f"Its entries: {known}.")
        element, file = found
        if (catalog, name) in self._open or len(self._open) >= MAX_DEPTH:
            raise reference.error(f"catalog entry {catalog}/{name} refers to itself")
        if tags and element.tag not in tags:
            raise reference.error(f"catalog entry {name} is a {element.tag}, not a {' or '.join(tags)}")
        self._open.append((catalog, name))
        try:
            yield declare(Node(element, file, self.reading, _global_scope(reference.scope)), given)
        except ScenarioError as error:
            if error.file != str(reference.file):
                hint = f"{error.hint or ''} Used at {reference.file.name}:{reference.line}.".strip()
                raise ScenarioError(
                    error.message, file=error.file, line=error.line, path=error.path, hint=hint
                ) from None
            raise
        finally:
            self._open.pop()


def _global_scope(scope: Scope) -> Scope:
    """The outermost scope: catalog entries see their own parameters and the scenario's."""
    while scope.parent is not None and scope.parent.parent is not None:
        scope = scope.parent
    return scope
