"""The demo's throw-away folder: made before the first paint, so that nothing heavy is imported here."""

import os
import shutil
import tempfile
from pathlib import Path

_LOG = "jobmon.log"


def make_folder() -> Path:
    """Make the demo's folder, 0700. From now on the log goes there too, where the user names no other."""
    made = Path(tempfile.mkdtemp(prefix="jobmon-demo-"))
    os.environ.setdefault("JOBMON_LOG_FILE", str(made / _LOG))
    return made


def remove_folder(folder: Path, *, but_the_log: bool = False) -> None:
    """Remove the folder with everything in it; after a defect the log stays, which says what it was."""
    log = folder / _LOG
    if not but_the_log or not log.exists():
        shutil.rmtree(folder, ignore_errors=True)
        return
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)
        elif each != log:
            each.unlink(missing_ok=True)
