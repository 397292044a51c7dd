"""On a PostgreSQL of one's own: migrated by a command, served by the service's role only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.external import External, external_postgres
from tests.program.program import command, refusal, started, surroundings
from tests.program.test_running import open_case
from xianjie import registry


@pytest.fixture(scope="module")
def external() -> Iterator[External]:
    with external_postgres() as server:
        yield server


@pytest.mark.long
def test_a_database_not_migrated_is_refused_then_migrated_and_served(
    tmp_path: Path, external: External
) -> None:
    var = tmp_path / "var"
    plain = surroundings(var, external.environment)
    assert "xianjie migrate" in refusal(command("run", environment=plain))
    for _ in range(2):
        done = command("migrate", environment=plain)
        assert done.returncode == 0, done
        assert done.stdout.splitlines() == [f"{name}: 已迁移 / migrated" for name in registry.NAMES]
    # A role that owns the tables would read past row security.
    owner = plain | {"XIANJIE_DATABASE_URL": external.owner_url}
    assert "row security does not bind" in refusal(command("run", environment=owner))
    serve = ("serve", *registry.NAMES)
    with started(var, *serve, environment=external.environment) as first:
        first.until_ready()
        assert first.failing() == (200, [])
        assert open_case(first, "one").status_code == 201
        # Another one beside it: the keys are shared, nobody locks the other out.
        other = external.environment | {"XIANJIE_VAR": str(var)}
        with started(tmp_path / "other", *serve, environment=other) as second:
            second.var = var
            second.until_ready()
            cases = second.ask("ly-eeb-head", "GET", "/api/cases/v1/cases").json()["cases"]
            assert len(cases) == 1
            second.stop()
            second.assert_clean()
        first.stop()
        first.assert_clean()
    assert not (var / "postgres").exists()
    rebuilt = command("rebuild", "cases", environment=plain)
    assert (rebuilt.returncode, "rebuilt 1 streams" in rebuilt.stdout) == (0, True), rebuilt


def test_a_database_that_refuses_is_told_without_its_address(
    tmp_path: Path, external: External
) -> None:
    plain = surroundings(tmp_path / "var")
    nobody = external.url.replace("xianjie_{service}@", "nobody:secret@")
    said = refusal(command("run", environment=plain | {"XIANJIE_DATABASE_URL": nobody}))
    assert 'role "nobody" does not exist' in said
    assert "secret" not in said
    alone = external.services["cases"]
    said = refusal(command("run", environment=plain | {"XIANJIE_DATABASE_URL": alone}))
    assert "must contain {service}" in said
    migrate = plain | {"XIANJIE_DATABASE_URL": nobody, "XIANJIE_DATABASE_OWNER_URL": nobody}
    assert "secret" not in refusal(command("migrate", environment=migrate))


@pytest.mark.long
def test_the_views_are_rebuilt_while_it_is_stopped(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with started(var) as program:
        program.until_ready()
        open_case(program, "one")
        program.stop()
        program.assert_clean()
    done = command("rebuild", "cases", environment=surroundings(var))
    assert (done.returncode, "rebuilt 1 streams" in done.stdout) == (0, True), done
