"""Entry point of the command `xianjie`; the commands stand in `program.py`."""

import sys

from xianjie.stopping import Stop

SERVING = ("run", "serve")


def main() -> None:
    """Run the command; what serves can be stopped from the first moment on."""
    stop = Stop() if sys.argv[1:2] and sys.argv[1] in SERVING else None
    try:
        # Imported here: it takes a second, in which somebody may change their mind.
        from xianjie.program import app

        app(obj=stop)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        if stop is not None:
            stop.is_over()


if __name__ == "__main__":
    main()
