"""The way in."""


def main() -> None:
    """Run the command line."""
    from jobmon_tui.cli.app import app

    app()


if __name__ == "__main__":
    main()
