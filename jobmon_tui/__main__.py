"""The way in."""

import sys

from jobmon_tui.cli import loading


def main() -> None:
    """Run the dashboard, or a command."""
    loading.begin()
    try:
        from jobmon_tui.cli.way_in import enter

        code = enter(sys.argv[1:])
    except KeyboardInterrupt:
        # Ctrl+C while still importing; later on each face has its own answer to it.
        code = 130
    loading.end()
    sys.exit(code)


if __name__ == "__main__":
    main()
