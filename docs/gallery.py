"""Makes `docs/gallery/`: every asset on a turntable, every weather and hour on one street, dangerous moments of all scenarios.

    python docs/gallery.py                 # goes on where it was if it is interrupted
    python docs/gallery.py --draft         # quick and small, under build/gallery/draft
    python docs/gallery.py --only weather  # or assets, moments

Pictures are kept one by one under `build/gallery`, by what they show and how well; `--again` makes them anew. Everything is drawn from
fixed seeds. What looks fake in them is listed in `docs/gallery.md`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs"), str(ROOT / "assets" / "scripts")]

from moments import choose, graph_of, picture, shoot  # noqa: E402
from turntable import FOLDERS, is_faced, pictures, save, sheet, shown  # noqa: E402

from sim.config import CameraConfig, RenderConfig, SimConfig  # noqa: E402
from sim.render.frames import Renderer  # noqa: E402
from sim.render.world import build_library  # noqa: E402
from sim.sampling import sample_worlds  # noqa: E402
from sim.scenario.reader import library_files, load_scenario  # noqa: E402

Picture = npt.NDArray[np.uint8]
STREET = ROOT / "docs" / "gallery" / "street.yaml"
VIEWS = {"vehicles": 4, "people": 4, "animals": 4, "props": 3, "signs": 2, "plants": 3}
"""Pictures of each asset by folder; of signs front and back."""
TALL = {"people": (84, 126), "signs": (84, 126)}
"""Width and height of pictures of what is taller than wide [pixels]."""
WIDE = 2048
"""Of a sheet [pixels]."""
LIMITS = {
    "vehicles": 270, "people": 330, "animals": 110, "props": 260, "signs": 190, "plants": 60, "weather": 480, "moments": 720,
}  # fmt: skip
"""Of the sheets [1000 bytes]: 2.42 MB together."""
MOMENTS, KEYS = 24, 4
"""Moments shown, and draws among which each is chosen."""
HOURS = {"05:00": "05:00", "noon": "12:00", "19:15": "19:15", "dusk": "20:25", "night": "23:30"}
"""Times of the columns; the street leads east."""
WEATHERS = {
    "clear": "cloud: 0.05",
    "hazy": "cloud: 0.2, turbidity: 8",
    "overcast": "cloud: 1",
    "fog 60 m": "cloud: 1, fog: 60 m",
    "drizzle 2 mm/h": "rain: 2 mm/h",
    "rain 20 mm/h": "rain: 20 mm/h, fog: 1.5 km",
    "wet, clearing": "cloud: 0.4, wetness: 0.8",
    "snowfall 3 mm/h": "snow: 3 mm/h, snow_cover: 0.45, fog: 800 m, temperature: -2 degC",
    "snow lies": "cloud: 0.15, snow_cover: 1, temperature: -6 degC",
    "ice": "cloud: 0.3, ice: 0.8, temperature: -5 degC",
}
"""Rows of the grid: the environment besides the time."""


@dataclass(frozen=True)
class Settings:
    """How well, how large."""

    quality: str
    street: tuple[int, int]
    """Width and height [pixels]."""
    moment: tuple[int, int]
    threads: int = 2


FINAL = Settings("standard", (408, 230), (512, 288))
DRAFT = Settings("draft", (320, 180), (320, 180))


class Store:
    """Pictures on disk, by name; made where they are missing, with progress on the screen.

    Args:
        folder: Where they lie.
        again: Make all anew.
        total: How many there are.
    """

    def __init__(self, folder: Path, again: bool, total: int) -> None:
        self.folder, self.again, self.total, self.done = folder, again, total, 0
        self.began, self.made = time.monotonic(), 0

    def get(
        self, name: str, make: Callable[[], tuple[Picture, dict[str, object]]]
    ) -> tuple[Picture, dict[str, object]]:
        """A picture and what is known of it."""
        path, self.done = self.folder / f"{name}.png", self.done + 1
        if path.is_file() and not self.again:
            with Image.open(path) as image:
                return np.asarray(image.convert("RGB")), json.loads(str(image.info.get("about", "{}")))
        began = time.monotonic()
        made, about = make()
        self._write(path, made, about)
        self.made += 1
        left = (time.monotonic() - self.began) / self.made * (self.total - self.done)
        print(
            f"[{self.done}/{self.total}] {name}: {time.monotonic() - began:.1f} s, {left / 60:.0f} min left", flush=True
        )
        return made, about

    def _write(self, path: Path, made: Picture, about: dict[str, object]) -> None:
        """Whole or not at all."""
        from PIL.PngImagePlugin import PngInfo

        path.parent.mkdir(parents=True, exist_ok=True)
        info = PngInfo()
        info.add_text("about", json.dumps(about))
        draft = path.with_suffix(".part")
        Image.fromarray(made).save(draft, "PNG", pnginfo=info)
        draft.replace(path)


# --- assets -----------------------------------------------------------------------------------------------------------


def asset_row(name: str, folder: str, settings: Settings) -> tuple[Picture, dict[str, object]]:
    """An asset from several sides, side by side."""
    views, size = VIEWS[folder], TALL.get(folder, (128, 96))
    first = 0.35 if is_faced(name) else math.radians(-145.0)
    yaws = [first + 2.0 * math.pi * k / views for k in range(views)]
    return np.hstack(pictures(name, yaws, size, quality=settings.quality)), {}


def asset_sheets(store: Store, settings: Settings) -> dict[str, Image.Image]:
    """A sheet for each folder of assets."""
    out = {}
    for folder in FOLDERS:
        cells = []
        for spec in [s for s in shown() if s.file.parent.name == folder]:
            row, _ = store.get(f"{folder}/{spec.name}", lambda n=spec.name, f=folder: asset_row(n, f, settings))
            cells.append((spec.name, row))
        out[folder] = sheet(cells, max(1, WIDE // cells[0][1].shape[1]))
    return out


# --- weather ----------------------------------------------------------------------------------------------------------


def street_text(text: str, hour: str, weather: str) -> str:
    """The street's file at an hour, in a weather."""
    return text.replace("environment: {}", f"environment: {{time: '{hour}', {weather}}}")


def street_row(weather: str, folder: Path, settings: Settings) -> tuple[Picture, dict[str, object]]:
    """The street in a weather at all hours, side by side."""
    text, scenarios = STREET.read_text(encoding="utf-8"), []
    for column, hour in enumerate(HOURS.values()):
        # Of one name each, as draws go by it.
        path = folder / f"hour-{column}" / STREET.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(street_text(text, hour, WEATHERS[weather]))
        scenarios.append(load_scenario(path))
    batch = sample_worlds(scenarios, [0] * len(scenarios), None, SimConfig(pool=1))
    camera = CameraConfig(width=settings.street[0], height=settings.street[1])
    renderer = Renderer(
        build_library(batch), batch.scene, batch.state, RenderConfig((camera,), settings.quality, ("rgb",)),
        threads=settings.threads,
    )  # fmt: skip
    graph = graph_of(batch)
    for _ in range(100):
        graph.launch()
    return np.hstack(list(shoot(renderer, batch)["rgb"])), {}


def weather_sheet(store: Store, settings: Settings) -> Image.Image:
    """Weathers down, hours across."""
    cells = []
    for weather in WEATHERS:
        name = "weather/" + "".join(c if c.isalnum() else "-" for c in weather)
        row, _ = store.get(name, lambda w=weather: street_row(w, store.folder, settings))
        width = row.shape[1] // len(HOURS)
        cells += [(f"{weather}, {hour}", row[:, k * width : (k + 1) * width]) for k, hour in enumerate(HOURS)]
    return sheet(cells, len(HOURS))


# --- moments ----------------------------------------------------------------------------------------------------------


def moment_picture(path: Path, keys: range, settings: Settings) -> tuple[Picture, dict[str, object]]:
    """The best of some draws of a scenario."""
    moment = choose(path, list(keys))
    about = {"draw": moment.key, "seconds": moment.tick / 100}
    return picture(path, moment, settings.moment, settings.quality), about


def moment_sheet(store: Store, settings: Settings) -> tuple[Image.Image, list[str]]:
    """Every scenario at its telling moment, then again from other draws until the sheet is full; and what is seen, in words."""
    cells, told = [], []
    files = list(library_files().items())
    for k in range(MOMENTS):
        (name, path), turn = files[k % len(files)], k // len(files)
        keys = range(KEYS * turn, KEYS * (turn + 1))
        made, about = store.get(f"moments/{name}-{turn}", lambda p=path, q=keys: moment_picture(p, q, settings))
        cells.append((name.replace("-", " "), made))
        told.append(f"{name}, draw {about['draw']} at {about['seconds']:.1f} s")
    return sheet(cells, 4), told


# --- all --------------------------------------------------------------------------------------------------------------


def page(out: Path, told: list[str], settings: Settings) -> None:
    """Say what lies in the folder."""
    sizes = {name: (out / f"{name}.jpg").stat().st_size for name in LIMITS if (out / f"{name}.jpg").is_file()}
    lines = [
        "# Gallery",
        "",
        f"Made by `python docs/gallery.py`, quality `{settings.quality}`, seed 0; [gallery.md](../gallery.md) lists what looks fake.",
        "",
    ]
    for name in FOLDERS:
        lines.append(
            f"- [{name}.jpg]({name}.jpg): {len([s for s in shown() if s.file.parent.name == name])}, {VIEWS[name]} views each"
        )
    lines += [
        f"- [weather.jpg](weather.jpg): one street, {len(WEATHERS)} weathers, at {', '.join(HOURS)}; it leads east",
        f"- [moments.jpg](moments.jpg): {MOMENTS} moments, row by row:",
        *(f"  - {line}" for line in told),
        "",
        f"{sum(sizes.values()) / 1e6:.2f} MB together.",
    ]
    (out / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draft", action="store_true", help="quick and small, under build/gallery/draft")
    parser.add_argument(
        "--only", nargs="*", choices=["assets", "weather", "moments"], default=["assets", "weather", "moments"]
    )
    parser.add_argument("--again", action="store_true", help="make pictures anew that lie there from before")
    parser.add_argument(
        "--out", type=Path, help="folder of the sheets; default: docs/gallery, of a draft build/gallery/draft"
    )
    args = parser.parse_args()
    settings = DRAFT if args.draft else FINAL
    kept = ROOT / "build" / "gallery" / ("draft" if args.draft else "final")
    out = args.out or (kept if args.draft else ROOT / "docs" / "gallery")
    out.mkdir(parents=True, exist_ok=True)
    counts = {"assets": len(shown()), "weather": len(WEATHERS), "moments": MOMENTS}
    store = Store(kept / "pictures", args.again, sum(counts[name] for name in args.only))
    sheets, told = {}, []
    if "assets" in args.only:
        sheets |= asset_sheets(store, settings)
    if "weather" in args.only:
        sheets["weather"] = weather_sheet(store, settings)
    if "moments" in args.only:
        sheets["moments"], told = moment_sheet(store, settings)
    for name, drawn in sheets.items():
        save(drawn, out / f"{name}.jpg", LIMITS[name] * 1000)
    if told:
        page(out, told, settings)
    print(f"{out}: {', '.join(sheets)}")


if __name__ == "__main__":
    main()
