"""What tests fetch through Maven: released artifacts, pinned in a `pom.xml` under `tools/`."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

FETCH_SECONDS_MAX: Final = 600
SAID_CHARACTERS: Final = 4_000


def fetch(pom: Path, *goal: str, unavailable: type[Exception]) -> None:
    """Run a goal of a `pom.xml` that fetches something.

    Args:
        pom: of the tool.
        goal: and its settings.
        unavailable: raised, with what to install or to allow, when it cannot be fetched here.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise unavailable(f"install Maven 3.6.3 or newer (package maven) for {pom.parent.name}")
    # -U: a failed look-up that Maven remembers must not outlive the outage that caused it.
    run = subprocess.run(  # noqa: S603 - found by us
        [maven, "-q", "-B", "-U", "-f", str(pom), *goal],
        capture_output=True,
        text=True,
        check=False,
        timeout=FETCH_SECONDS_MAX,
    )
    if run.returncode != 0:
        raise unavailable(
            "let Maven reach Maven Central or a mirror of it (Maven's settings.xml); mvn said:\n"
            + run.stdout[-SAID_CHARACTERS:]
        )
