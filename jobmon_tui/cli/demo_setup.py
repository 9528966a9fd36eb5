"""The demo's throw-away folder: its source database, its reports, its accounts."""

import csv
import gzip
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

from jobmon_tui.bootstrap import House
from jobmon_tui.cli.report_file import read_report_file
from jobmon_tui.services.audited import Caller

OPERATOR = "demo"
PASSWORD = "flights of 2013"  # noqa: S105  # of a throw-away database in a folder of one's own
"""What opens the demo again once it was locked: the screen says it."""
MISSING = Path("inbox") / "targets.csv"
SPOOLED = Path("spool") / "targets.csv"
DOOMED = "Fleet of 2012"
"""The report whose configuration the demo deletes once it has failed."""


def data_folder() -> Path:
    """Return the sample data: inside the wheel, or beside the package in a checkout."""
    packed = Path(str(resources.files("jobmon_tui"))) / "_data"
    return packed if packed.is_dir() else Path(__file__).resolve().parents[2] / "data"


def _value(text: str) -> str | int | float | None:
    if text == "NA":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _load(database: sqlite3.Connection, table: str, rows: Iterable[Sequence[str]]) -> None:
    lines = iter(rows)
    columns = ", ".join(f'"{name}"' for name in next(lines))
    marks = ", ".join("?" * (columns.count(",") + 1))
    database.execute(f"CREATE TABLE {table} ({columns})")
    database.executemany(
        f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608  # both parts are ours
        ([_value(field) for field in line] for line in lines),
    )


def build_source(folder: Path) -> Path:
    """Build `flights.db` from the sample data set and return its path."""
    data, target = data_folder(), folder / "flights.db"
    database = sqlite3.connect(target)
    try:
        with gzip.open(data / "flights-2013-01.csv.gz", "rt", encoding="utf-8", newline="") as lines:
            _load(database, "flights", csv.reader(lines))
        for table in ("airlines", "airports"):
            with (data / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
                _load(database, table, csv.reader(lines))
        database.commit()
    finally:
        database.close()
    return target


def lay_out(folder: Path) -> None:
    """Put everything that the demo needs into its folder, except the file that the operator is to mend."""
    shutil.copytree(data_folder() / "demo", folder, dirs_exist_ok=True)
    (folder / MISSING).parent.mkdir()
    reports = folder / "reports.toml"
    interpreter = json.dumps(sys.executable)
    reports.write_text(reports.read_text(encoding="utf-8").replace('"PYTHON"', interpreter), encoding="utf-8")
    build_source(folder)


def mend(folder: Path) -> None:
    """Do what the failing report's error asks for: put the missing file in place."""
    shutil.copy(folder / SPOOLED, folder / MISSING)


async def move_in(house: House, folder: Path, origin: str) -> str:
    """Create the operator, import the reports, queue each once. Return the operator's session token."""
    opened = await house.services.create_first_administrator(OPERATOR, PASSWORD, origin)
    caller = Caller(opened.token, origin)
    drafts = read_report_file(folder / "reports.toml")
    await house.services.import_reports(caller, drafts)
    for draft in drafts:
        await house.services.run(caller, draft.name)
    return opened.token
