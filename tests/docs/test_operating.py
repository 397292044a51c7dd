"""What the pages for operators and newcomers name exists, and what exists is named there."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest
import typer
from opentelemetry.metrics import Counter, Histogram, NoOpMeter
from opentelemetry.metrics import _Gauge as Gauge

from libs.common.settings import OTLP, PREFIX, URL_PREFIX, Settings
from libs.common.telemetry import Meters
from xianjie.program import app

ROOT: Final = Path(__file__).parents[2]
OPERATING: Final = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
PAGES: Final = (
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)
OF_ANOTHER_NAME: Final = {"otlp": OTLP, "urls": f"{URL_PREFIX}<SERVICE>"}


class RecordingMeter(NoOpMeter):
    """Remembers under which name Prometheus is shown each figure."""

    def __init__(self) -> None:
        super().__init__("xianjie")
        self.names: list[str] = []

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        self.names.append(f"{name}_total")
        return super().create_counter(name, unit, description)

    def create_gauge(self, name: str, unit: str = "", description: str = "") -> Gauge:
        self.names.append(name)
        return super().create_gauge(name, unit, description)

    def create_histogram(
        self, name: str, unit: str = "", description: str = "", **_: object
    ) -> Histogram:
        self.names.append(name)
        return super().create_histogram(name, unit, description)


def rows(heading: str, pattern: str) -> set[str]:
    """The names in the first column of the table under a heading."""
    section = OPERATING.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(rf"^\| `({pattern})`", section, re.MULTILINE))


def test_every_setting_has_its_row_and_every_row_a_setting() -> None:
    names = {
        OF_ANOTHER_NAME.get(each.name, PREFIX + each.name.upper()) for each in fields(Settings)
    }
    assert rows("Settings", r"[A-Z_<>]+") == names


def test_every_metric_has_its_row_and_every_row_a_metric() -> None:
    meter = RecordingMeter()
    Meters(meter)
    assert rows("Health and metrics", r"xianjie_[a-z_]+") == set(meter.names)


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_target_named_exists(page: Path) -> None:
    named = re.findall(r"(?:^|`|&& )make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= targets()


def commands(program: typer.Typer) -> dict[str, typer.Typer | None]:
    """The commands by name; of a group, the program that it is."""
    single = {each.name or each.callback.__name__: None for each in program.registered_commands}  # type: ignore[union-attr] # a command is a function
    return single | {str(each.name): each.typer_instance for each in program.registered_groups}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_named_exists(page: Path) -> None:
    named = re.findall(r"(?:`|bin/)xianjie ([a-z-]+)(?: ([a-z]+))?", page.read_text("utf-8"))
    for name, below in named:
        assert name in commands(app)
        group = commands(app)[name]
        assert group is None or below in ("", *commands(group)), f"{name} {below}"
