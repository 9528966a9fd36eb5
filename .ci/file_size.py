"""Fails when a source file has grown past 330 lines: a room with two tenants."""

import subprocess
import sys
from pathlib import Path

LIMIT = 330

tracked = subprocess.run(
    ["git", "ls-files", "*.py"], capture_output=True, text=True, check=True
).stdout.split()
sizes = {name: len(Path(name).read_text().splitlines()) for name in tracked if Path(name).exists()}
too_long = {name: lines for name, lines in sizes.items() if lines > LIMIT}
for name, lines in sorted(too_long.items()):
    print(f"{name}: {lines} lines, over {LIMIT}: find the wall between its two tenants")
sys.exit(1 if too_long else 0)
