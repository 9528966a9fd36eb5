"""Compare each carrier's mean delay with its target. Needs a file that the demo leaves out at first."""

import csv
import sqlite3
import sys
from pathlib import Path

database, targets, spool = (Path(argument).absolute() for argument in sys.argv[1:])
if not targets.exists():
    print(f"to mend it: cp {spool} {targets}")
    sys.exit(f"{sys.argv[2]} is missing: copy it from {sys.argv[3]}, then retry")

with targets.open(encoding="utf-8") as lines:
    wanted = {row["carrier"]: float(row["target"]) for row in csv.DictReader(lines)}
late = 0
for carrier, mean in sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(
    "select carrier, avg(dep_delay) from flights group by carrier order by carrier"
):
    target = wanted.get(carrier)
    if target is not None:
        late += mean > target
        verdict = "LATE" if mean > target else "ok"
        print(f"{carrier}  mean {mean:6.1f} min  target {target:6.1f} min  {verdict}")
print(f"{late} carriers are late")
