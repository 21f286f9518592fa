"""Where scenarios and assets lie: inside an installed wheel, or beside `sim/` in a checkout."""

from __future__ import annotations

from pathlib import Path


def data_root(name: str) -> Path:
    """Folder of shipped data, ``name`` being 'scenarios' or 'assets'."""
    package = Path(__file__).resolve().parent
    packed = package / "_data" / name
    return packed if packed.is_dir() else package.parent / name
