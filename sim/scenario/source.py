"""YAML text to plain data with the line of every value; nothing hostile gets through.

YAML's events are composed here rather than by a loader: no tags, no objects, no merge keys, bounded size, depth and number of
nodes (so nested aliases cannot blow up), duplicate keys refused. Scalars stay strings except true, false and null: numbers and units are
the business of `sim.scenario.grammar`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from sim.errors import Origin, ScenarioError

MAX_BYTES = 1 << 20
MAX_DEPTH = 24
MAX_NODES = 50_000

Path_ = tuple[str | int, ...]


@dataclass
class Source:
    """Data of a file, and where each value stands in it."""

    file: Path
    data: dict[str, Any]
    lines: dict[Path_, int] = field(default_factory=dict)
    """Line of each key or list item, by path, 1-based."""

    def line(self, path: Path_) -> int | None:
        """Line of a path, or of its nearest parent that has one."""
        for n in range(len(path), -1, -1):
            if path[:n] in self.lines:
                return self.lines[path[:n]]
        return None

    def origin(self, path: Path_) -> Origin:
        """File and line of a path."""
        return Origin(str(self.file), self.line(path) or 1)

    def error(self, message: str, path: Path_ = (), hint: str = "") -> ScenarioError:
        """An error at a path."""
        return ScenarioError(
            message, file=self.file, line=self.line(path), path=dotted(path) or None, hint=hint or None
        )


def dotted(path: Path_) -> str:
    """'actors.ego.at.s', 'storyboard[1].do'."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out


@dataclass
class _Open:
    """A mapping or sequence being filled."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    line: int
    lines: dict[Path_, int] = field(default_factory=dict)
    """Relative to itself."""
    key: str | None = None
    size: int = 1


def read_source(file: Path) -> Source:
    """Read and compose a YAML file.

    Raises:
        ScenarioError: if it cannot be read, is too large, or is not plain YAML with a mapping at its top.
    """
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise ScenarioError(
                f"{size} bytes are too many for a scenario file", file=file, hint=f"At most {MAX_BYTES}."
            )
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"not UTF-8 text (byte {error.start})", file=file) from None
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", file=file) from None
    return compose(text, file)


def compose(text: str, file: Path) -> Source:
    """Compose YAML text; see `read_source`."""
    try:
        return _Composer(file).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else None
        raise ScenarioError(f"not valid YAML: {error.problem or error.context}", file=file, line=line) from None
    except YAMLError as error:
        raise ScenarioError(f"not valid YAML: {str(error).splitlines()[0]}", file=file) from None


class _Composer:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, dict[Path_, int], int]] = {}
        self.nodes = 0
        self.root: tuple[Any, dict[Path_, int]] | None = None

    def fail(self, message: str, line: int, hint: str | None = None) -> ScenarioError:
        return ScenarioError(message, file=self.file, line=line, hint=hint)

    def compose(self, text: str) -> Source:
        documents = 0
        for event in YAML(typ="safe", pure=True).parse(text):
            line = event.start_mark.line + 1
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.fail("more than one YAML document in the file", line)
            elif isinstance(event, AliasEvent):
                self._alias(event.anchor, line)
            elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
                self._check(event, line)
                if isinstance(event, ScalarEvent):
                    self._put(_scalar(event), {(): line}, 1, event.anchor, line)
                else:
                    self.stack.append(_Open({} if isinstance(event, MappingStartEvent) else [], event.anchor, line))
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                done = self.stack.pop()
                self._put(done.value, {(): done.line, **done.lines}, done.size, done.anchor, line)
        if self.root is None or not isinstance(self.root[0], dict):
            raise ScenarioError("the file holds no mapping", file=self.file, hint="Begin with 'name: ...'.")
        return Source(self.file, self.root[0], self.root[1])

    def _check(self, event: Any, line: int) -> None:
        if event.tag is not None and str(event.tag) != "!":
            raise self.fail(f"a YAML tag ({event.tag})", line, "Tags are not allowed: write plain values.")
        if len(self.stack) >= MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} levels", line)

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self.anchors:
            raise self.fail(f"alias *{anchor} stands for nothing before it", line, "An anchor cannot hold itself.")
        value, lines, size = self.anchors[anchor]
        depth = max((len(p) for p in lines), default=0)
        if len(self.stack) + depth > MAX_DEPTH:
            raise self.fail(f"nested deeper than {MAX_DEPTH} levels", line)
        self._put(value, dict.fromkeys(lines, line), size, None, line)

    def _put(self, value: Any, lines: dict[Path_, int], size: int, anchor: str | None, line: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            raise self.fail(f"more than {MAX_NODES} values, aliases counted", line)
        if anchor:
            self.anchors[anchor] = (value, lines, size)
        if not self.stack:
            self.root = (value, lines)
            return
        parent = self.stack[-1]
        if isinstance(parent.value, list):
            part: str | int = len(parent.value)
            parent.value.append(value)
        elif parent.key is None:
            self._key(parent, value, line)
            return
        else:
            part = parent.key
            parent.value[part] = value
            parent.key = None
            lines = {**lines, (): parent.lines[(part,)]}
        parent.size += size
        parent.lines.update({(part, *path): n for path, n in lines.items()})

    def _key(self, parent: _Open, key: Any, line: int) -> None:
        if not isinstance(key, str):
            key = {True: "true", False: "false", None: "null"}.get(key) if isinstance(key, bool | None) else None
        if key is None:
            raise self.fail("a key must be a word", line)
        if key == "<<":
            raise self.fail("merge keys are not supported", line, "Repeat the values, or use parameters.")
        if key in parent.value:
            raise self.fail(f"key {key!r} stands twice", line, f"First in line {parent.lines.get((key,))}.")
        parent.key = key
        parent.lines[(key,)] = line


def _scalar(event: ScalarEvent) -> str | bool | None:
    if event.style is None:
        plain = {"true": True, "false": False, "null": None, "~": None, "": None}
        if event.value in plain:
            return plain[event.value]
    return event.value
