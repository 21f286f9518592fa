"""Which worlds a data set holds, from scenario files or from the manifest of an earlier data set."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from sim.cameras import CameraConfig, config_of
from sim.config import DatasetConfig, SimConfig
from sim.errors import SwerveError
from sim.export.writer import encode_json
from sim.paths import data_root
from sim.sampling import check_world, draw_world, with_driver
from sim.scenario.own_assets import credits_of
from sim.scenario.reader import expand, load_scenario
from sim.scenario.world import Scenario, WorldSpec

FORMAT = "swerve-dataset"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class PlannedDraw:
    """One world of a data set."""

    id: str
    """Names its files: the scenario's id and the draw's number."""
    scenario: Scenario
    key: int
    """The world's own key: its number among the draws of its scenario."""
    spec: WorldSpec
    tracks: Path | None = None
    """Recorded tracks to replay, if there are."""
    tracks_sha256: str | None = None

    @property
    def family(self) -> str:
        """What the ids of all draws of its scenario begin with."""
        return self.id.rsplit("-", 1)[0]


@dataclass(frozen=True)
class Plan:
    """What to render, and how."""

    config: DatasetConfig
    draws: tuple[PlannedDraw, ...]

    @property
    def sim_config(self) -> SimConfig:
        """How the worlds are stepped."""
        config = self.config
        return with_driver(SimConfig(config.seed, config.contact, physics=config.physics, pool=1), config.driver)

    @property
    def scenarios(self) -> list[Scenario]:
        """The scenarios, each once, in order of their first draw."""
        return list({id(draw.scenario): draw.scenario for draw in self.draws}.values())


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def plan_draws(files: Sequence[str | Path], config: DatasetConfig, keys: Sequence[int] | None = None) -> Plan:
    """Draw worlds from each scenario, and check each before anything is written.

    That costs 10 to 30 ms a draw on one core, more than half of it for rows that are made again when the draw's turn comes: they are not
    kept, as 100,000 draws may be planned.

    Args:
        files: Scenario files, folders of them, or library ids.
        config: Settings of the data set.
        keys: Which draws; None: the first ``config.draws``.

    Raises:
        SwerveError: for unusable files or settings.
    """
    sim_config = with_driver(SimConfig(seed=config.seed, contact=config.contact), config.driver)
    paths = expand(files)
    scenarios = [load_scenario(path, strict=config.strict) for path in paths]
    ids = _unique([slug(s.id) for s in scenarios])
    draws = tuple(
        PlannedDraw(f"{name}-{key:04d}", scenario, key, draw_world(scenario, sim_config, key, 0))
        for name, scenario in zip(ids, scenarios, strict=True)
        for key in (range(config.draws) if keys is None else keys)
    )
    if not draws:
        raise SwerveError("there is nothing to render: name scenario files")
    for draw in draws:  # before anything is written
        check_world(draw.spec, sim_config)
    return Plan(config, draws)


def slug(text: str) -> str:
    """A file name of a scenario's id."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-")[:80] or "scenario"


def _unique(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return out


def plan_replay(manifest: Path) -> Plan:
    """The worlds and settings of an earlier data set.

    Raises:
        SwerveError: if the manifest cannot be used, or a scenario file has changed since.
    """
    try:
        data = json.loads(manifest.read_bytes())
    except OSError as error:
        raise SwerveError(f"{manifest}: cannot read this manifest: {error}") from None
    except (ValueError, RecursionError):
        raise SwerveError(f"{manifest}: is no manifest.json of a data set") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SwerveError(f"{manifest}: is no manifest.json of a data set")
    if data.get("format_version") != FORMAT_VERSION:
        raise SwerveError(f"{manifest}: format version {data.get('format_version')!r} is not {FORMAT_VERSION}")
    try:
        config = _read_config(data["config"])
        with_driver(SimConfig(), config.driver)
        draws = tuple(_replayed_draws(data, manifest, config))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SwerveError(f"{manifest}: the manifest is damaged: {type(error).__name__} {error}") from None
    if not draws:
        raise SwerveError(f"{manifest}: the manifest names no draws")
    return Plan(config, draws)


def _read_config(data: Mapping[str, Any]) -> DatasetConfig:
    known = {f.name for f in fields(DatasetConfig)}
    values: dict[str, Any] = {k: tuple(v) if k in ("size", "outputs") else v for k, v in data.items() if k in known}
    values["rig"] = tuple(config_of(CameraConfig, camera) for camera in data.get("rig", ()))
    return DatasetConfig(**values)


def _replayed_draws(data: Mapping[str, Any], manifest: Path, config: DatasetConfig) -> Iterator[PlannedDraw]:
    scenarios = [_find_scenario(row, manifest, config) for row in data["scenarios"]]
    names: set[str] = set()
    for row in data["draws"]:
        scenario, key = scenarios[int(row["scenario"])], int(row["key"])
        name = str(row["id"])
        if slug(name) != name:
            raise SwerveError(f"{manifest}: {name!r} cannot name files")
        if name in names:
            raise SwerveError(f"{manifest}: there are two draws {name!r}")
        if key < 0:
            raise SwerveError(f"{manifest}: the key of {name} must not be negative: {key}")
        names.add(name)
        tracks = manifest.parent / "tracks" / f"{name}.npz"
        expected = row.get("tracks_sha256")
        found = tracks if expected and tracks.is_file() else None
        if found is not None and sha256_of(found) != expected:
            raise SwerveError(f"{tracks}: this file is not the one that {manifest.name} was written with")
        yield PlannedDraw(name, scenario, key, scenario.rebuild(row["record"]), found, expected)


def _find_scenario(row: Mapping[str, Any], manifest: Path, config: DatasetConfig) -> Scenario:
    """A scenario of a manifest: where it was, in the library, or beside the manifest."""
    name = Path(row["inputs"][0]["path"])
    candidates = [name, data_root("scenarios") / name, manifest.parent / name, manifest.parent / name.name]
    for path in candidates:
        if path.is_file() and sha256_of(path) == row["inputs"][0]["sha256"]:
            scenario = load_scenario(path, strict=config.strict)
            hashes = [sha256_of(Path(p)) for p in scenario.inputs]
            if hashes != [entry["sha256"] for entry in row["inputs"]]:
                raise SwerveError(f"{path}: a file that it includes has changed since {manifest} was written")
            return scenario
    if any(path.is_file() for path in candidates):
        raise SwerveError(f"{name}: the scenario has changed since {manifest} was written")
    beside = "it and the files that it names" if len(row["inputs"]) > 1 else "it"
    raise SwerveError(
        f"{name}: the scenario that {manifest} names is not there; put {beside} back, or beside the manifest in {manifest.parent}"
    )


def stored_path(path: Path) -> str:
    """How a manifest names an input: relative to the library if it is part of it, else in full."""
    path = Path(path).resolve()
    library = data_root("scenarios").resolve()
    return path.relative_to(library).as_posix() if path.is_relative_to(library) else str(path)


def input_rows(scenario: Scenario) -> list[dict[str, str]]:
    """Path and hash of every file a scenario was read from, itself first."""
    return [{"path": stored_path(Path(p)), "sha256": sha256_of(Path(p))} for p in scenario.inputs]


def identity(plan: Plan, device: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says before anything is rendered; ``fingerprint`` is equal for runs that write the same data set."""
    from sim import __version__

    known = {
        "version": __version__,
        "format_version": FORMAT_VERSION,
        "config": asdict(plan.config),
        "device": dict(device),
        "scenarios": [{"id": s.id, "inputs": input_rows(s)} for s in plan.scenarios],
    }
    own = credits_of(actor.asset for draw in plan.draws for actor in draw.spec.actors if actor.asset)
    if own:
        known["own_assets"] = own
    text = encode_json({**known, "draws": [[d.id, d.key, d.spec.record] for d in plan.draws]})
    return {"fingerprint": hashlib.sha256(text).hexdigest(), **known}
