"""The data directory may lie anywhere; the Makefile says what it can do."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.program.program import ROOT, started

DEEP = "/".join(["很深的目录"] * 12)


@pytest.mark.parametrize(
    "name",
    ["var with spaces 和中文 {}%", pytest.param(DEEP, marks=pytest.mark.long)],
    ids=["odd", "deep"],
)
@pytest.mark.long
def test_data_directories_of_any_name_and_depth(tmp_path: Path, name: str) -> None:
    var = tmp_path / name
    output, log = tmp_path / "out", tmp_path / "err"
    for _ in range(2):
        with started(var, output=output, log=log) as program:
            program.until_ready()
            assert program.failing() == (200, [])
            program.stop()
            program.assert_clean()


@pytest.mark.long
def test_a_relative_data_directory(tmp_path: Path) -> None:
    profile = {"XIANJIE_PROFILE": str(ROOT / "profiles/liaoyuan.toml"), "XIANJIE_VAR": "my/var"}
    with started(tmp_path / "x", directory=tmp_path, environment=profile) as program:
        program.var = tmp_path / "my/var"
        program.until_ready()
        program.stop()
        program.assert_clean()
    assert (tmp_path / "my/var/postgres/PG_VERSION").exists()


def test_make_alone_prints_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    done = subprocess.run(
        ["/usr/bin/env", "make"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = re.findall(r"^  make ([a-z-]+) +\S", done.stdout, re.MULTILINE)
    assert listed == phony[1].split()
    targets = re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    assert sorted(targets) == sorted(listed)
