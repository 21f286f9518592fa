"""Keeps `assets/MANIFEST.yaml` (sources, licences, changes, hashes of all assets) and the `CREDITS.md` made from it.

Build scripts call `record` for each file they write. ``python assets/scripts/manifest.py`` writes both files anew and
drops entries whose file is gone; ``--check`` only says what is wrong and ends with status 1.
"""

from __future__ import annotations

import fcntl
import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).resolve().parent.parent
LICENCES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-3.0-US": "https://creativecommons.org/licenses/by/3.0/us/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "BSD-3-Clause": "https://opensource.org/license/bsd-3-clause",
    "MIT": "https://opensource.org/license/mit",
}
"""Licences that may be in the tree, and where they stand."""
PROJECT = {
    "package": "this project",
    "file": "assets/scripts",
    "creator": "Swerve contributors",
    "licence": "Apache-2.0",
}
"""Source of what the scripts model themselves."""
SOURCE_KEYS = ("package", "file", "creator", "licence")
TREE_LIMIT = 20 * 2**20
"""Most bytes of all assets together."""
FILE_LIMIT = 1_500_000
"""Most bytes of one file."""
NO_ENTRY = (".yaml", ".md", ".py")
"""Specs, scripts and this manifest itself need no entry; a spec goes with the entry of its mesh."""
HEADER = "# Made by assets/scripts/manifest.py: where every asset comes from, its licence and what was changed.\n"


def sha256(path: Path) -> str:
    """Hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(folder: Path = ASSETS) -> list[dict[str, Any]]:
    """Entries in order of paths; none where there is no manifest yet."""
    from ruamel.yaml import YAML

    path = folder / "MANIFEST.yaml"
    if not path.is_file():
        return []
    return list(YAML(typ="safe").load(path.read_text(encoding="utf-8"))["assets"])


def files(folder: Path = ASSETS) -> list[Path]:
    """Files that need an entry, in order."""
    found = (p for p in folder.rglob("*") if p.is_file() and p.suffix not in NO_ENTRY and "__pycache__" not in p.parts)
    return sorted(found)


def _write(entries: Sequence[Mapping[str, Any]], folder: Path) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 160
    yaml.indent(mapping=2, sequence=4, offset=2)
    with (folder / "MANIFEST.yaml").open("w", encoding="utf-8") as out:
        out.write(HEADER)
        yaml.dump({"licences": dict(LICENCES), "assets": [dict(e) for e in entries]}, out)
    (folder / "CREDITS.md").write_text(credits_text(entries), encoding="utf-8")


def credits_text(entries: Sequence[Mapping[str, Any]]) -> str:
    """CREDITS.md: who made what, by licence."""
    lines = [
        "# Credits",
        "",
        "Made from `MANIFEST.yaml` by `assets/scripts/manifest.py`. "
        "Brands, plates and logos of the sources were removed or replaced.",
    ]
    for licence, link in LICENCES.items():
        rows = []
        for entry in entries:
            for source in entry["sources"]:
                if source["licence"] == licence:
                    what = f"`{source['file']}`" if source["package"] != PROJECT["package"] else "modelled here"
                    rows.append(
                        f"| `{entry['path']}` | {source['creator']} | {source['package']}, {what} | {entry['changes']} |"
                    )
        if rows:
            lines += [
                "",
                f"## [{licence}]({link})",
                "",
                "| file | creator | source | changes |",
                "| --- | --- | --- | --- |",
                *rows,
            ]
    return "\n".join(lines) + "\n"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "scripts" / "manifest.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def record(path: Path, sources: Sequence[Mapping[str, str]], changes: str, folder: Path = ASSETS) -> None:
    """Enter a file just written, in place of what was known of it.

    Args:
        path: The file, inside ``folder``.
        sources: Each with `SOURCE_KEYS`: package and version, item in it, creator, licence (a key of `LICENCES`).
        changes: What was done to the source.
        folder: Folder of the assets.
    """
    for source in sources:
        if sorted(source) != sorted(SOURCE_KEYS) or source["licence"] not in LICENCES:
            raise ValueError(f"{path.name}: a source has {SOURCE_KEYS} and one of {list(LICENCES)}, not {dict(source)}")
    name = path.relative_to(folder).as_posix()
    entry = {
        "path": name,
        "name": path.stem,
        "sources": [{key: source[key] for key in SOURCE_KEYS} for source in sources],
        "changes": changes,
        "sha256": sha256(path),
    }
    with _locked(folder):
        entries = [e for e in read(folder) if e["path"] != name]
        _write(sorted([*entries, entry], key=lambda e: e["path"]), folder)


def problems(folder: Path = ASSETS) -> list[str]:
    """Everything wrong with the manifest, in words; empty if all is well."""
    out = []
    entries = {e["path"]: e for e in read(folder)}
    found = {p.relative_to(folder).as_posix(): p for p in files(folder)}
    out += [f"{name}: no entry in MANIFEST.yaml" for name in found if name not in entries]
    out += [f"{name}: in MANIFEST.yaml, but no such file" for name in entries if name not in found]
    for name, path in found.items():
        if name in entries and sha256(path) != entries[name]["sha256"]:
            out.append(f"{name}: content differs from MANIFEST.yaml")
        if path.stat().st_size > FILE_LIMIT:
            out.append(f"{name}: {path.stat().st_size} bytes, more than {FILE_LIMIT}")
    for name, entry in entries.items():
        if not entry["sources"] or not entry["changes"]:
            out.append(f"{name}: no sources or no changes given")
        out += [
            f"{name}: licence {s['licence']!r} is not allowed" for s in entry["sources"] if s["licence"] not in LICENCES
        ]
        out += [f"{name}: no {key} of a source" for s in entry["sources"] for key in SOURCE_KEYS if not s.get(key)]
    meshes = {p.with_suffix("").relative_to(folder).as_posix() for p in found.values()}
    for spec in sorted(folder.glob("*/*.yaml")):
        if spec.with_suffix("").relative_to(folder).as_posix() not in meshes:
            out.append(f"{spec.relative_to(folder)}: a spec without a mesh of its name")
    total = sum(p.stat().st_size for p in found.values())
    if total > TREE_LIMIT:
        out.append(f"all assets have {total} bytes, more than {TREE_LIMIT}")
    if (folder / "CREDITS.md").read_text(encoding="utf-8") != credits_text(list(entries.values())):
        out.append("CREDITS.md differs from MANIFEST.yaml")
    return out


def main(arguments: list[str]) -> int:
    """Write both files anew, or check them."""
    if "--check" not in arguments:
        with _locked(ASSETS):
            kept = [e for e in read() if (ASSETS / e["path"]).is_file()]
            _write(sorted(kept, key=lambda e: e["path"]), ASSETS)
    found = problems()
    print("\n".join(found) or "all assets are accounted for")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
