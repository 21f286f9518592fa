"""What README shows runs as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_example_runs(number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(BLOCKS[number], f"README.md, example {number + 1}", "exec"), names)
    if "sim.Renderer" in BLOCKS[number]:
        rgb = names["frames"]["rgb"]
        assert rgb.shape[-1] == 3 and float(rgb.float().std()) > 5.0, "the example's picture is empty"


def test_the_scenario_can_be_drawn_and_is_dangerous(tmp_path: Path) -> None:
    from sim.export.trace import simulate_file

    (text,) = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (tmp_path / "van.yaml").write_text(text)
    ends = [simulate_file(tmp_path / "van.yaml", duration=15.0, seed=seed, strict=True) for seed in range(3)]
    assert all(end["contacts"] or end["min_time_to_collision"] < 1.5 for end in ends), ends


def test_training_commands_have_the_options_shown() -> None:
    from agents.sb3 import Args

    (line,) = re.findall(r"^python -m agents\.sb3 (.*)$", README, re.MULTILINE)
    options = {word[2:].replace("-", "_") for word in shlex.split(line) if word.startswith("--")}
    assert options <= set(Args.__dataclass_fields__)


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 2
    assert any("sim.Renderer" in block for block in BLOCKS) and any("gym.make_vec" in block for block in BLOCKS)


def test_commands_are_known() -> None:
    from typer.main import get_command

    from sim.cli import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    shown = {shlex.split(line)[1] for line in re.findall(r"\bswerve [a-z]+\b[^\n`]*", README)}
    assert shown <= known, f"README shows commands that do not exist: {shown - known}"
    for path in re.findall(r"scenarios/[\w./-]+\.yaml", README):
        assert (Path(__file__).resolve().parent.parent / path).is_file(), f"README names {path}, which is not there"


def test_the_format_lists_every_kind_of_actor() -> None:
    from sim.scenario.schema import KINDS

    text = (Path(__file__).resolve().parent.parent / "scenarios" / "README.md").read_text()
    listed = set(re.findall(r"`(\w+)`", text.split("**Kinds.**")[1].split("**Places.**")[0]))
    assert listed - {"asset"} == set(KINDS)
