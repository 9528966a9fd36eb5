"""Print the busiest routes, origin by origin, as a slow report would: a few lines at a time."""

import sqlite3
import sys
import time

database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
for (origin,) in database.execute("select distinct origin from flights order by origin").fetchall():
    print(f"{origin}:", flush=True)
    for dest, flights in database.execute(
        "select dest, count(*) from flights where origin = ? group by dest order by 2 desc limit 5", [origin]
    ):
        print(f"  {dest} {flights:>5}", flush=True)
    time.sleep(2)
print("done")
