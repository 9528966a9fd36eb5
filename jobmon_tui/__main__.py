"""The way in."""

import sys


def main() -> None:
    """Run the dashboard, or a command."""
    try:
        from jobmon_tui.cli.way_in import enter

        code = enter(sys.argv[1:])
    except KeyboardInterrupt:
        # Ctrl+C while still importing; later on each face has its own answer to it.
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
