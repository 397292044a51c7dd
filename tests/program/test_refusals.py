"""What keeps it from starting is said in one line, and nothing is lost."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from libs.common import holding
from libs.common.holding import DataDirectory, StartError
from libs.common.settings import Settings, SettingsError
from tests.program.places import mounted, needs_mount
from tests.program.program import command, postmasters, refusal, started, surroundings


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use(tmp_path: Path) -> None:
    with taken_port() as port:
        plain = surroundings(tmp_path / "var")
        said = refusal(command("run", "--port", str(port), environment=plain))
        assert f"127.0.0.1:{port}" in said
        assert "port in use" in said
        said = refusal(command("run", "--management-port", str(port), environment=plain))
        assert f"127.0.0.1:{port}" in said
    # Refused before anything was made.
    assert not (tmp_path / "var/postgres").exists()


def test_a_second_copy_on_the_same_data(tmp_path: Path) -> None:
    var = tmp_path / "var"
    with started(var) as first:
        first.until_ready()
        running = postmasters(var)
        plain = surroundings(var)
        for arguments in (("run",), ("rebuild", "cases")):
            said = refusal(command(*arguments, environment=plain))
            assert str(var) in said
            assert "another copy runs on it" in said
            assert str(first.process.pid) in said
            assert first.api in said
        assert postmasters(var) == running
        assert first.failing() == (200, [])


def test_a_data_directory_that_cannot_be(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for var in (file, file / "var"):
        said = refusal(command("run", environment=surroundings(var)))
        assert said == f"{var} 不是目录 / is not a directory"


@needs_mount
def test_a_data_directory_that_may_only_be_read(tmp_path: Path) -> None:
    with mounted(tmp_path / "var", "ro,size=1m") as var:
        said = refusal(command("run", environment=surroundings(var)))
    assert said == f"{var} 无法写入 / cannot be written: Read-only file system"


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "FREE_BYTES_MIN", 2**70)
    with pytest.raises(StartError, match="disk is full"), DataDirectory(tmp_path / "var").held():
        pass
    # The refused one holds nothing.
    monkeypatch.undo()
    with DataDirectory(tmp_path / "var").held():
        pass


@needs_mount
def test_a_disk_too_small_to_begin_on(tmp_path: Path) -> None:
    with mounted(tmp_path / "var", "size=64m") as var:
        said = refusal(command("run", environment=surroundings(var)))
    assert said == f"{var} 磁盘空间不足 / disk is full: 64 MiB free, 256 needed"


def test_settings_that_are_unknown_or_unreadable() -> None:
    for name, value, said in (
        ("XIANJIE_FOO", "1", "unknown setting XIANJIE_FOO"),
        ("XIANJIE_PROT", "1", "XIANJIE_PORT ?"),
        ("XIANJIE_PORT", "http", "XIANJIE_PORT 须为端口号"),
        ("XIANJIE_MANAGEMENT_PORT", "70000", "XIANJIE_MANAGEMENT_PORT"),
        ("XIANJIE_DATABASE_URL", "mysql://x", "must begin with postgresql://"),
        ("XIANJIE_DATABASE_URL", "postgresql://{name}", "may only contain {service}"),
        ("XIANJIE_DATABASE_OWNER_URL", "postgresql://x", "needs XIANJIE_DATABASE_URL"),
        ("XIANJIE_KAFKA", "broker", "must be host:port"),
        ("XIANJIE_URL_CASES", "cases:8000", "must be an http(s):// address"),
        ("XIANJIE_HOST", "0.0.0.0", "must be a loopback address"),  # noqa: S104 - refused
        ("XIANJIE_HOST", "127.0.0.1.evil.example", "must be a loopback address"),
        ("XIANJIE_OIDC_ISSUER", "http://id.example", "must be an https:// address"),
        ("XIANJIE_OIDC_ISSUER", "http://127.0.0.1@id.example", "must be an https:// address"),
        ("XIANJIE_OIDC_ISSUER", "http://127.0.0.1.id.example", "must be an https:// address"),
        ("XIANJIE_OIDC_ISSUER", "https://a:b@id.example", "must be an https:// address"),
        ("XIANJIE_OIDC_ISSUER", "https://id.example?x=1", "must be an https:// address"),
        ("XIANJIE_OIDC_ISSUER", "id.example", "must be an http(s):// address"),
        ("XIANJIE_OIDC_AUDIENCE", "xianjie", "needs XIANJIE_OIDC_ISSUER"),
        ("XIANJIE_OIDC_CLAIM", "sub", "needs XIANJIE_OIDC_ISSUER"),
    ):
        with pytest.raises(SettingsError) as refused:
            Settings.read({name: value})
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)


def test_an_unreadable_setting_repeats_no_password() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.read({"XIANJIE_DATABASE_URL": "postgres+x://cases:secret@db/cases"})
    assert "secret" not in str(refused.value)


def test_settings_of_others_and_empty_ones_are_left_alone() -> None:
    environment = {"PATH": "x", "XIANJIE_TEST_KAFKA": "x", "XIANJIE_KAFKA": ""}
    assert Settings.read(environment) == Settings()


def test_the_management_port_is_the_one_behind_unless_it_is_set() -> None:
    assert [Settings().management(port) for port in (8000, 9000, 65_535, 0)] == [
        *(8001, 9001, 65_534, 0),
    ]
    assert Settings(management_port=7).management(9000) == 7


def test_with_a_provider_it_may_listen_anywhere_but_not_with_the_management_port() -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - what is tested
    provider = {"XIANJIE_OIDC_ISSUER": "https://id.example/realms/city/"}
    found = Settings.read({"XIANJIE_HOST": everywhere, **provider})
    assert (found.host, found.management_address) == (everywhere, "127.0.0.1")
    # The name of an issuer is what it is, a slash at its end included.
    assert found.oidc_issuer == "https://id.example/realms/city/"
    assert Settings.read({"XIANJIE_HOST": "127.0.0.2"}).management_address == "127.0.0.2"
    inside = Settings.read({"XIANJIE_MANAGEMENT_HOST": "192.0.2.1"})
    assert inside.management_address == "192.0.2.1"
    local = {"XIANJIE_OIDC_ISSUER": "http://localhost:8080"}
    assert Settings.read(local).oidc_issuer == "http://localhost:8080"


def test_commands_that_cannot_be_done(tmp_path: Path) -> None:
    plain = surroundings(tmp_path / "var")
    kafka = plain | {"XIANJIE_KAFKA": "127.0.0.1:1"}
    table: tuple[tuple[tuple[str, ...], dict[str, str], str], ...] = (
        (("run",), plain | {"XIANJIE_FOO": "1"}, "unknown setting XIANJIE_FOO"),
        (("run",), plain | {"XIANJIE_PROFILE": "/none"}, "/none"),
        (("run",), plain | {"XIANJIE_HOST": "192.0.2.1"}, "must be a loopback address"),
        (("serve", "cases"), plain, "without XIANJIE_KAFKA"),
        (("serve", "cases"), kafka, "XIANJIE_URL_NOTIFICATIONS"),
        (("serve", "nothing"), kafka, "no such service: nothing; cases notifications audit"),
        (("rebuild", "audit"), plain, "audit"),
        (("migrate",), plain, "both must be set"),
        (("topics",), plain, "XIANJIE_KAFKA is not set"),
        (("token", "--as", "nobody"), plain, "nobody"),
        (
            ("token", "--as", "ly-eeb-head"),
            plain | {"XIANJIE_OIDC_ISSUER": "https://id.example"},
            "people get their tokens from https://id.example",
        ),
        (("parked", "list", "--url", "http://127.0.0.1:1"), plain, "does not answer"),
    )
    with ThreadPoolExecutor(max_workers=4) as threads:
        refusals = threads.map(lambda row: refusal(command(*row[0], environment=row[1])), table)
        for (_, _, words), said in zip(table, refusals, strict=True):
            assert words in said
