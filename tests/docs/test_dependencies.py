"""Every direct dependency has its line: what for, why this one, what it replaces."""

import re
import tomllib
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
MAVEN: Final = "{http://maven.apache.org/POM/4.0.0}"


def named() -> set[str]:
    cells = re.findall(r"^\| (`[^|]+) \|", PAGE, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def of_python() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = (project["dependencies"], *project["optional-dependencies"].values())
    return {re.split(r"[\[<>=]", each)[0] for group in groups for each in group}


def of_maven() -> set[str]:
    poms = [ET.parse(each) for each in (ROOT / "tools").glob("*/pom.xml")]  # noqa: S314 - our own
    return {
        f"{each.findtext(f'{MAVEN}groupId')}:{each.findtext(f'{MAVEN}artifactId')}"
        for pom in poms
        for kind in ("dependency", "artifactItem")
        for each in pom.iter(f"{MAVEN}{kind}")
    } | {
        str(each.findtext(f"{MAVEN}artifactId"))
        for pom in poms
        for each in pom.iter(f"{MAVEN}plugin")
    }


def test_every_dependency_has_its_line_and_every_line_a_dependency() -> None:
    assert named() == of_python() | of_maven()
