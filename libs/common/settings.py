"""How this installation is set up: one frozen value, built once at the edge from a mapping."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

PREFIX = "XIANJIE_"
URL_PREFIX = "XIANJIE_URL_"


class SettingsError(ValueError):
    """A setting is unknown or cannot be read; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting. An absent address selects the built-in part; there is no mode flag."""

    var: Path = Path("var")
    """Where the embedded parts keep their data."""
    profile: Path = Path("profiles/liaoyuan.toml")
    """The city as data."""
    host: str = "127.0.0.1"
    port: int = 8000
    management_port: int = 8001
    database_url: str | None = None
    """PostgreSQL for the services' role; may contain `{service}`. Absent: embedded."""
    database_owner_url: str | None = None
    """PostgreSQL for the owner's role, used by `migrate` only."""
    kafka: str | None = None
    """Bootstrap servers. Absent: the log itself is the bus."""
    oidc_issuer: str | None = None
    """Absent: the built-in issuer, on loopback only."""
    otlp: str | None = None
    """`OTEL_EXPORTER_OTLP_ENDPOINT`; absent: telemetry is kept in the process."""
    urls: Mapping[str, str] = field(default_factory=dict)
    """Base URL of each service that runs elsewhere."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """Build the settings from a mapping such as `os.environ`.

        Args:
            environment: names as documented in docs/operating.md; others without our prefix are
                left alone.

        Returns:
            The settings.

        Raises:
            SettingsError: a name with our prefix is unknown, or a value cannot be read.
        """
        urls: dict[str, str] = {}
        values: dict[str, object] = {}
        known = {f.name for f in fields(cls)} - {"urls", "otlp"}
        for name, value in environment.items():
            # XIANJIE_TEST_* belongs to the test suite.
            if not name.startswith(PREFIX) or name.startswith(f"{PREFIX}TEST_") or not value:
                continue
            key = name.removeprefix(PREFIX).lower()
            if name.startswith(URL_PREFIX):
                urls[name.removeprefix(URL_PREFIX).lower()] = value.rstrip("/")
            elif key in known:
                values[key] = _typed(name, key, value)
            else:
                raise SettingsError(f"unknown setting {name}")
        otlp = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None
        return cls(**values, urls=urls, otlp=otlp)  # type: ignore[arg-type] # typed by _typed


def _typed(name: str, key: str, value: str) -> object:
    if key in {"var", "profile"}:
        return Path(value)
    if key in {"port", "management_port"}:
        if not value.isdecimal() or not 0 <= int(value) < 65_536:  # noqa: PLR2004 - the port range
            raise SettingsError(f"{name} must be a port, not {value!r}")
        return int(value)
    return value
