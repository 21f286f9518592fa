"""The `swerve` command: list, check, simulate, render, bench."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.config import LABELS, MAX_DRAWS, MAX_SEED, QUALITIES, USUAL_LABELS
from sim.console import Commands, explain_cold_start, find_device, parse_outputs, parse_size, start_warp, tell_outcomes
from sim.errors import ScenarioError, SwerveError

DRIVERS_HELP = "Who drives the ego: default (as the file says), constant, brake, idm, idm_aeb, evade_brake, evade_left or evade_right."

PHYSICS_HELP = "What moves driven vehicles and bodies: swerve, or bullet (PyBullet, a second opinion, slower)."

app = typer.Typer(
    name="swerve",
    cls=Commands,
    help="Simulate rare and dangerous road scenarios: labelled frames, videos and environments from scenario files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Files = Annotated[
    list[Path], typer.Argument(help="Scenario files (.yaml, .xosc), folders of them, or ids that `swerve list` shows.")
]
Seed = Annotated[int, typer.Option(min=0, max=MAX_SEED, metavar="N", help="Seed of all draws.")]
Strict = Annotated[bool, typer.Option("--strict", help="Treat what a file uses and Swerve does not know as an error.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Device = Annotated[
    str | None, typer.Option(help="cpu or cuda:0; default: the GPU if there is one.", show_default=False)
]


def _show_version(wanted: bool) -> None:
    if wanted:
        from sim import __version__

        typer.echo(f"swerve {__version__}")
        raise typer.Exit()


@app.callback()
def swerve(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Simulate rare and dangerous road scenarios: labelled frames, videos and environments from scenario files."""


@app.command("list")
def list_scenarios(as_json: AsJson = False) -> None:
    """Show the scenario library: what is dangerous about each, how often it hurts, how often it can be avoided."""
    from sim.scenario.reader import library
    from sim.scenario.shares import load_shares

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
                "measured": {key: share[key] for key in ("draws", "seed", "commit") if key in share},
            }
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    _print_table(rows)


WIDE = 140
"""Columns of a terminal from which on the list tells each danger in a sentence, not only by the scenario's name."""


def _print_table(rows: list[dict[str, Any]]) -> None:
    """The library for people, a line or two a scenario: ids in one piece, so that they can be copied."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("scenario", no_wrap=True, style="bold")
    for share in ("critical", "avoidable"):
        table.add_column(share, justify="right", no_wrap=True)
    table.add_column("what happens")
    for row in rows:
        shares = ["-" if row[k] is None else f"{row[k]:.0%}" for k in ("critical", "avoidable")]
        table.add_row(Text(row["id"]), *shares, Text(row["danger"] if console.width >= WIDE else row["name"]))
    console.print(table)
    console.print(
        "\ncritical: draws with contact or a time to collision under 1 s for a driver that keeps route and speed\n"
        "avoidable: draws without contact for the best of braking, braking and swerving left, or right\n"
        "--json tells all: the danger in a sentence, tags, sources",
        style="dim",
    )


@app.command()
def check(
    files: Files,
    draws: Annotated[int, typer.Option(min=1, max=MAX_DRAWS, metavar="N", help="Worlds to draw from each file.")] = 5,
    seed: Seed = 0,
    strict: Strict = False,
) -> None:
    """Read scenario files, draw worlds from them and report every fault by file and line; exit code 1 if there is one."""
    from sim.config import SimConfig
    from sim.sampling import check_world, draw_world
    from sim.scenario.draws import tell_rejections
    from sim.scenario.reader import expand, load_scenario

    start_warp()
    failed, config = 0, SimConfig(seed=seed)
    for path in expand(files):
        try:
            scenario, rejected = load_scenario(path, strict=strict), list[str]()
            for key in range(draws):
                world = draw_world(scenario, config, key, 0)
                check_world(world, config)
                rejected += world.rejected
        except SwerveError as error:
            failed += 1
            for fault in error.each() if isinstance(error, ScenarioError) else [error]:
                typer.echo(f"error: {fault}", err=True)
            continue
        for note in scenario.notes:
            typer.echo(f"{note.file}:{note.line}: note: {note.message}")
        typer.echo(f"{path}: ok, {draws} worlds drawn, {len(scenario.notes)} notes")
        if rejected:
            typer.echo(f"{path}: {tell_rejections(rejected, draws)}")
    if failed:
        raise typer.Exit(1)


@app.command()
def simulate(
    file: Annotated[Path, typer.Argument(help="A scenario file (.yaml or .xosc), or an id that `swerve list` shows.")],
    csv: Annotated[
        Path | None, typer.Option(help="Write each actor's pose at 10 Hz here: t,name,x,y,z,heading,speed.")
    ] = None,
    duration: Annotated[
        float, typer.Option(min=0.01, max=3600, metavar="SECONDS", help="Longest time to simulate, in seconds.")
    ] = 30.0,
    driver: Annotated[str, typer.Option(metavar="NAME", help=DRIVERS_HELP)] = "default",
    contact: Annotated[str, typer.Option(metavar="MODE", help="What a collision does: report or physics.")] = "report",
    physics: Annotated[str, typer.Option(metavar="NAME", help=PHYSICS_HELP)] = "swerve",
    seed: Seed = 0,
    strict: Strict = False,
    device: Device = None,
) -> None:
    """Run a scenario without pictures and print what happened, as JSON.

    [dim]swerve simulate cut-in-wet-motorway --csv poses.csv --driver idm_aeb[/dim]
    """
    start_warp()
    from sim.export.trace import simulate_file

    found = find_device(device)
    explain_cold_start()
    summary = simulate_file(
        file, csv=csv, duration=duration, driver=driver, contact=contact, physics=physics, seed=seed, strict=strict, device=found,
    )  # fmt: skip
    typer.echo(json.dumps(summary, indent=2))


in_worlds = partial(typer.Option, rich_help_panel="Worlds")
in_pictures = partial(typer.Option, rich_help_panel="Pictures")
in_sensors = partial(typer.Option, rich_help_panel="Lidar and radar")
"""Options by panels of the help of `swerve render`."""

RenderFiles = Annotated[
    list[Path] | None, typer.Argument(help="Scenario files, folders of them, or ids that `swerve list` shows.")
]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder to write: new, empty, or left by an interrupted run.")]
Draws = Annotated[
    int,
    in_worlds(min=1, max=MAX_DRAWS, metavar="N", help="Worlds to draw from each file."),
]
WorldSeed = Annotated[int, in_worlds(min=0, max=MAX_SEED, metavar="N", help="Seed of all draws.")]
WorldDriver = Annotated[str | None, in_worlds(metavar="NAME", help=DRIVERS_HELP, show_default=False)]
WorldContact = Annotated[str, in_worlds(metavar="MODE", help="What a collision does: physics or report.")]
WorldPhysics = Annotated[str, in_worlds(metavar="NAME", help=PHYSICS_HELP)]
Replay = Annotated[
    Path | None,
    in_worlds(metavar="MANIFEST", help="Rebuild the data set of this manifest.json."),
]
WorldStrict = Annotated[
    bool,
    in_worlds("--strict", help="Treat what a file uses and Swerve does not know as an error."),
]
Size = Annotated[
    str | None,
    in_pictures(
        metavar="WxH",
        help="Width and height in pixels, of a rig's first camera; default: 800x450, or as the rig says.",
        show_default=False,
    ),
]
Rig = Annotated[
    str | None,
    in_pictures(
        metavar="NAME|FILE",
        help="Cameras: single, nuscenes6, surround4, or a YAML file (docs/dataset.md).",
        show_default=False,
    ),
]
Rate = Annotated[
    float,
    in_pictures(min=0.1, max=1000, metavar="RATE", help="Frames per second of scenario time."),
]
Duration = Annotated[
    float | None,
    in_pictures(
        min=0.01,
        max=3600,
        metavar="SECONDS",
        help="Longest time to render, in seconds; default: to the end.",
        show_default=False,
    ),
]
Quality = Annotated[
    str,
    in_pictures(metavar="NAME", help=f"From quick to beautiful: {', '.join(QUALITIES)}."),
]
Chase = Annotated[
    bool,
    in_pictures(
        "--chase",
        help="Also film from behind the ego: pictures in chase/, shown in the video. Labels stay the ego camera's.",
    ),
]
Outputs = Annotated[
    str,
    in_pictures(
        metavar="LIST",
        help=f"Labels to write beside pictures, classes, instances and boxes: usual ({', '.join(USUAL_LABELS)}), all, none, or some of "
        f"{', '.join(LABELS)}.",
    ),
]
Lidar = Annotated[
    str | None,
    in_sensors(
        metavar="PRESET",
        help="Also scan with a lidar: spin16, spin32, spin64, spin128, solid or rosette; points in lidar/, a view from above in the video.",
        show_default=False,
    ),
]
Radar = Annotated[
    str | None,
    in_sensors(
        metavar="PRESET",
        help="Also measure with radar: long, short, long+short, imaging or surround; detections in folders radar_*/.",
        show_default=False,
    ),
]
RenderDevice = Annotated[
    str | None,
    in_pictures(help="cpu or cuda:0; default: the GPU if there is one.", show_default=False),
]


@app.command()
def render(
    context: typer.Context,
    files: RenderFiles = None,
    out: Out = Path("out"),
    draws: Draws = 1,
    seed: WorldSeed = 0,
    driver: WorldDriver = None,
    contact: WorldContact = "physics",
    physics: WorldPhysics = "swerve",
    replay: Replay = None,
    strict: WorldStrict = False,
    size: Size = None,
    rig: Rig = None,
    fps: Rate = 10.0,
    duration: Duration = None,
    quality: Quality = "standard",
    chase: Chase = False,
    outputs: Outputs = "usual",
    lidar: Lidar = None,
    radar: Radar = None,
    device: RenderDevice = None,
) -> None:
    """Write labelled frames, a video and a page to review them.

    DIR then holds index.html (open it in a browser), video.mp4,
    annotations.json (COCO), hazard.csv, calibration.json, manifest.json, and
    folders of frames, masks, labels, tracks and of each output, such as depth.

    An interrupted run goes on where it was when the same command is given
    again. The same command gives the same bytes.

    [dim]swerve render child-between-parked-cars --draws 3 --out child[/dim]
    """
    start_warp()
    from sim.export.dataset import render_dataset

    if not files and replay is None:
        raise SwerveError("name scenario files, or --replay a manifest.json")
    if replay is not None:
        _refuse_settings(context)
    found = find_device(device)
    explain_cold_start()
    pages = render_dataset(
        files or [], out, size=None if size is None else parse_size(size), rig=rig, fps=fps,
        duration=duration, draws=draws, seed=seed, quality=quality,
        driver=driver, contact=contact, physics=physics, replay=replay, strict=strict, chase=chase, lidar=lidar, radar=radar,
        outputs=parse_outputs(outputs), device=found,
    )  # fmt: skip
    for page in pages:
        tell_outcomes(page.with_name("manifest.json"))
        typer.echo(f"{page}")


def _refuse_settings(context: typer.Context) -> None:
    """A replay has the manifest's settings: options that say otherwise would be silently dropped.

    Raises:
        SwerveError: naming them.
    """
    free = ("out", "replay", "device", "files")
    given = [
        f"--{name}"
        for name in context.params
        if name not in free and getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
    ]
    if given:
        raise SwerveError(f"--replay takes its settings from the manifest; leave out {', '.join(given)}")


@app.command()
def bench(
    case: Annotated[str, typer.Argument(help="all, render or env.")] = "all",
    seconds: Annotated[
        float, typer.Option(min=0.1, max=600, metavar="SECONDS", help="Time to measure each figure for, in seconds.")
    ] = 3.0,
    peers: Annotated[bool, typer.Option(help="Also run PyBullet's TinyRenderer and highway-env, if installed.")] = True,
    as_json: AsJson = False,
) -> None:
    """Measure frames per second and environment steps per second on this machine, against peers."""
    start_warp()
    from sim.bench import run_cases

    explain_cold_start()
    results = run_cases(case, seconds=seconds, peers=peers)
    typer.echo(json.dumps(results, indent=2) if as_json else results["table"])


def main() -> None:
    """Entry point: a user's mistake is a message, never a traceback, and exit code 2; faults that `check` reports are exit code 1."""
    app()


if __name__ == "__main__":
    main()
