"""Reads scenario files of either format, and lists the library."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from sim.errors import ScenarioError
from sim.paths import data_root
from sim.scenario.checks import schema_error
from sim.scenario.schema import ScenarioFile
from sim.scenario.source import read_source
from sim.scenario.world import Scenario
from sim.scenario.yaml_scenario import YamlScenario

YAML_SUFFIXES = (".yaml", ".yml")
SUFFIXES = (*YAML_SUFFIXES, ".xosc")


@dataclass(frozen=True)
class LibraryEntry:
    """A scenario of the library as `swerve list` shows it."""

    id: str
    path: Path
    description: str
    tags: tuple[str, ...]
    danger: str
    source: str


def load_scenario(path: str | Path, strict: bool = False) -> Scenario:
    """Read a scenario.

    Args:
        path: A .yaml or .xosc file, or the id of a scenario of the library.
        strict: What the file uses and Swerve does not know is an error instead of a note.

    Raises:
        ScenarioError: with file, line, path, what is wrong and what would be right.
    """
    file = find(path)
    if file.suffix.lower() in YAML_SUFFIXES:
        return load_yaml(file, strict)
    if file.suffix.lower() == ".xosc":
        from sim.scenario.openscenario import load_openscenario

        return load_openscenario(file, strict=strict)
    if file.suffix.lower() == ".xodr":
        raise ScenarioError(
            "an OpenDRIVE file is a map, not a scenario", file=file, hint="Name it in a scenario's map: {xodr: ...}."
        )
    raise ScenarioError("not a scenario file", file=file, hint="Scenarios end in .yaml or .xosc.")


def load_yaml(file: Path, strict: bool = False) -> YamlScenario:
    """Read a YAML scenario.

    Raises:
        ScenarioError: see `load_scenario`.
    """
    source = read_source(file)
    try:
        model = ScenarioFile.model_validate(source.data)
    except ValidationError as error:
        raise schema_error(error, source) from None
    return YamlScenario(source, model, strict)


def find(path: str | Path) -> Path:
    """The file of a path or of a library id.

    Raises:
        ScenarioError: if there is none.
    """
    file = Path(path)
    if file.is_file():
        return file
    if file.is_dir():
        raise ScenarioError("is a folder", file=file, hint="Name one scenario file in it.")
    names = library_files()
    known = names | benchmark_files()
    if str(path) in known:
        return known[str(path)]
    if file.suffix.lower() in (*SUFFIXES, ".xodr") or len(file.parts) > 1:
        raise ScenarioError("there is no such file", file=file)
    raise ScenarioError(
        f"there is no file and no library scenario {str(path)!r}",
        hint=suggest_scenario(str(path), names) if names else None,
    )


def suggest_scenario(word: str, known: Iterable[str]) -> str:
    """Up to three ids that a mistyped one may stand for: alike as a whole, or with words in common."""
    ids = sorted(known)
    words = set(word.lower().replace("_", "-").split("-"))
    alike = difflib.get_close_matches(word.lower(), ids, 3, 0.6)
    shared = sorted((i for i in ids if words & set(i.split("-"))), key=lambda i: -len(words & set(i.split("-"))))
    near = list(dict.fromkeys(alike + shared))[:3]
    if not near:
        return "`swerve list` shows what there is."
    return f"Did you mean {' or '.join(repr(i) for i in near)}? `swerve list` shows all."


def expand(paths: Sequence[str | Path]) -> list[Path]:
    """Scenario files of a list of files, folders and library ids, folders searched through.

    Raises:
        ScenarioError: if something is not there, or a folder holds no scenario.
    """
    out: list[Path] = []
    for path in paths:
        folder = Path(path)
        if folder.is_dir():
            found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not found:
                raise ScenarioError(
                    "the folder holds no scenario file", file=folder, hint="Scenarios end in .yaml or .xosc."
                )
            out += found
        else:
            out.append(find(path))
    return out


BENCHMARKS = "benchmark"
"""Folder of the library's files that only serve to measure speed: found by id, but no part of the library."""


def library_files() -> dict[str, Path]:
    """Files of the library by id."""
    root = data_root("scenarios")
    found = sorted(root.rglob("*.yaml"))
    return {path.stem: path for path in found if BENCHMARKS not in path.relative_to(root).parts[:-1]}


def benchmark_files() -> dict[str, Path]:
    """Files of the benchmarks by id."""
    return {path.stem: path for path in sorted((data_root("scenarios") / BENCHMARKS).glob("*.yaml"))}


@lru_cache(maxsize=256)
def _entry(path: Path, changed: int) -> LibraryEntry:
    data = read_source(path).data
    tags = data.get("tags")
    words = tuple(str(t) for t in tags) if isinstance(tags, list) else ()
    text = {key: str(data.get(key) or "") for key in ("name", "danger", "source")}
    return LibraryEntry(path.stem, path, text["name"], words, text["danger"], text["source"])


def library() -> list[LibraryEntry]:
    """All scenarios of the library, by id."""
    return [_entry(path, path.stat().st_mtime_ns) for path in library_files().values()]
