"""The `swerve` command: list, check, simulate, render, bench."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.errors import SwerveError

app = typer.Typer(
    name="swerve",
    help="Simulate rare and dangerous road scenarios: labelled frames, videos and environments from scenario files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Files = Annotated[
    list[Path], typer.Argument(help="Scenario files (.yaml, .xosc), folders of them, or ids that `swerve list` shows.")
]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all draws.")]
Strict = Annotated[bool, typer.Option("--strict", help="Treat what a file uses and Swerve does not know as an error.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

MAX_DRAWS = 100_000


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of '800x450'.

    Raises:
        SwerveError: if it is not two numbers from 16 to 8192.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip().lower())
    if not match:
        raise SwerveError(f"--size {text!r} is not WIDTHxHEIGHT, such as 800x450")
    width, height = int(match[1]), int(match[2])
    if not (16 <= width <= 8192 and 16 <= height <= 8192):
        raise SwerveError(f"--size {text}: width and height must lie between 16 and 8192 pixels")
    return width, height


def _explain_cold_start() -> None:
    """Say why the first run takes longer, if kernels have to be compiled."""
    import warp as wp

    wp.config.quiet = True
    cache = Path(wp.config.kernel_cache_dir) if wp.config.kernel_cache_dir else None
    if cache is None:
        import warp._src.build

        warp._src.build.init_kernel_cache()
        cache = Path(wp.config.kernel_cache_dir)
    if not any(cache.glob("wp_sim.*")):
        typer.echo(
            "First run: compiling the kernels for this machine, once (about a minute; cached afterwards).", err=True
        )


@app.command("list")
def list_scenarios(as_json: AsJson = False) -> None:
    """Show the scenario library: what is dangerous about each, how often it hurts, how often it can be avoided."""
    from sim.scenario.danger import load_shares
    from sim.scenario.reader import library

    shares = load_shares()
    rows = []
    for entry in library():
        share = shares.get(entry.id, {})
        rows.append(
            {
                "id": entry.id,
                "path": str(entry.path),
                "name": entry.description,
                "tags": list(entry.tags),
                "danger": entry.danger,
                "source": entry.source,
                "critical": share.get("critical"),
                "avoidable": share.get("avoidable"),
            }
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Scenarios")
    for column, justify in (
        ("id", "left"),
        ("danger", "left"),
        ("tags", "left"),
        ("critical", "right"),
        ("avoidable", "right"),
    ):
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        critical, avoidable = (("-" if row[k] is None else f"{row[k]:.0%}") for k in ("critical", "avoidable"))
        table.add_row(row["id"], row["danger"], ", ".join(row["tags"]), critical, avoidable)
    console = Console()
    console.print(table)
    console.print(
        "critical: draws with contact or a time to collision under 1 s for a driver that keeps route and speed; "
        "avoidable: draws without contact for the best of braking, braking and swerving left, or right."
    )


@app.command()
def check(
    files: Files,
    draws: Annotated[int, typer.Option(min=1, max=MAX_DRAWS, help="Worlds to draw from each file.")] = 5,
    seed: Seed = 0,
    strict: Strict = False,
) -> None:
    """Read scenario files, draw worlds from them and report every fault by file and line."""
    from sim.random import Stream
    from sim.scenario.reader import expand, load_scenario

    failed = 0
    for path in expand(files):
        try:
            scenario = load_scenario(path, strict=strict)
            for key in range(draws):
                scenario.draw(Stream(seed, key, 0))
        except SwerveError as error:
            failed += 1
            typer.echo(f"error: {error}", err=True)
            continue
        for note in scenario.notes:
            typer.echo(f"{note.file}:{note.line}: note: {note.message}")
        typer.echo(f"{path}: ok, {draws} worlds drawn, {len(scenario.notes)} notes")
    if failed:
        raise typer.Exit(1)


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="A scenario file (.yaml or .xosc), or an id that `swerve list` shows.")],
    csv: Annotated[
        Path | None, typer.Option(help="Write each actor's pose at 10 Hz here: t,name,x,y,z,heading,speed.")
    ] = None,
    duration: Annotated[float, typer.Option(min=0.01, max=3600, help="Longest time to simulate [s].")] = 30.0,
    driver: Annotated[
        str, typer.Option(help="Who drives the ego: default (as the file says), constant, brake, idm, idm_aeb.")
    ] = "default",
    contact: Annotated[str, typer.Option(help="What a collision does: report or physics.")] = "report",
    seed: Seed = 0,
    strict: Strict = False,
) -> None:
    """Run a scenario without pictures and print what happened."""
    from sim.export.trace import simulate_file

    _explain_cold_start()
    summary = simulate_file(file, csv=csv, duration=duration, driver=driver, contact=contact, seed=seed, strict=strict)
    typer.echo(json.dumps(summary, indent=2))


@app.command()
def render(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Scenario files, folders of them, or ids that `swerve list` shows.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write; one folder per scenario and draw inside.")] = Path("out"),
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "800x450",
    fps: Annotated[float, typer.Option(min=0.1, max=1000, help="Frames per second of scenario time.")] = 10.0,
    duration: Annotated[
        float | None, typer.Option(min=0.01, max=3600, help="Seconds to render; default: to the end.")
    ] = None,
    draws: Annotated[int, typer.Option(min=1, max=MAX_DRAWS, help="Worlds to draw from each file.")] = 1,
    seed: Seed = 0,
    quality: Annotated[str, typer.Option(help="fast, standard or high.")] = "standard",
    driver: Annotated[str | None, typer.Option(help="Who drives the ego; default: as the file says.")] = None,
    contact: Annotated[str, typer.Option(help="What a collision does: physics or report.")] = "physics",
    replay: Annotated[Path | None, typer.Option(help="Rebuild the worlds of this manifest.json.")] = None,
    strict: Strict = False,
) -> None:
    """Write labelled frames, a video and a review page for each scenario and draw. An interrupted run resumes."""
    from sim.export.dataset import render_dataset

    if not files and replay is None:
        raise SwerveError("name scenario files, or --replay a manifest.json")
    width, height = parse_size(size)
    _explain_cold_start()
    pages = render_dataset(
        files or [], out, size=(width, height), fps=fps, duration=duration, draws=draws, seed=seed, quality=quality,
        driver=driver, contact=contact, replay=replay, strict=strict,
    )  # fmt: skip
    for page in pages:
        typer.echo(f"{page}")


@app.command()
def bench(
    case: Annotated[str, typer.Argument(help="all, render or env.")] = "all",
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Time to measure each figure for [s].")] = 3.0,
    peers: Annotated[bool, typer.Option(help="Also run PyBullet's TinyRenderer and highway-env, if installed.")] = True,
    as_json: AsJson = False,
) -> None:
    """Measure frames per second and environment steps per second on this machine, against peers."""
    from sim.bench import run_cases

    _explain_cold_start()
    results = run_cases(case, seconds=seconds, peers=peers)
    typer.echo(json.dumps(results, indent=2) if as_json else results["table"])


def main() -> None:
    """Entry point: a user's mistake is a message and exit code 2, never a traceback."""
    try:
        app()
    except SwerveError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on where it was", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
