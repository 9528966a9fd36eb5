"""The way in."""

import sys


def main() -> None:
    """Run the dashboard, or a command."""
    from jobmon_tui.cli.way_in import enter

    sys.exit(enter(sys.argv[1:]))


if __name__ == "__main__":
    main()
