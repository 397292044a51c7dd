"""Which services there are; a service is imported only where it runs."""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from libs.common.service import Service

NAMES: Final = ("cases", "notifications", "audit")


def service(name: str) -> "Service":
    """The service of a name.

    Raises:
        KeyError: there is none.
    """
    if name not in NAMES:
        raise KeyError(name)
    found: Service = import_module(f"services.{name}.service").SERVICE
    return found


def every() -> "list[Service]":
    """All services, in the order of the table in the architecture."""
    return [service(name) for name in NAMES]


def heard(services: "Iterable[Service]") -> set[str]:
    """The services that some services listen to, and whose logs fill their gaps."""
    topics = {topic for each in services for group in each.groups for topic in group.topics}
    return {name for name in NAMES if topics & {f"xianjie.{name}", f"xianjie.{name}.reads"}}
