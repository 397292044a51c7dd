"""What is installed without the checkout is whole."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_data_file_of_a_package_is_packed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    packed = settings["package-data"]["*"]
    packages = [each.removesuffix("*") for each in settings["packages"]["find"]["include"]]
    data = [
        path
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    ]
    assert data
    assert [
        str(path) for path in data if not any(fnmatch(path.name, each) for each in packed)
    ] == []
