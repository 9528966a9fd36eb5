"""Commands that do not want to end: Python scripts whose argument is the mark of all their processes."""

_BEGIN = """
import os, signal, sys, time
def ignore():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
def stay():
    while True:
        time.sleep(60)
"""
TREES = {
    "ignores TERM": "ignore()\nprint('ready', flush=True)\nstay()",
    "forks": """
for _ in range(4):
    if os.fork() == 0:
        ignore()
        os.fork()
        stay()
print('ready', flush=True)
stay()""",
    "setsid and two forks": """
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    ignore()
    for fd in range(3):
        os.close(fd)
    stay()
os.wait()
print('ready', flush=True)
stay()""",
    "leaves a daemon and ends at TERM": """
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    ignore()
    stay()
os.wait()
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print('ready', flush=True)
stay()""",
    "forks anew at each TERM": """
def again(*_):
    if os.fork() == 0:
        os.setsid()
signal.signal(signal.SIGTERM, again)
print('ready', flush=True)
stay()""",
    "is stopped": """
if os.fork() == 0:
    ignore()
    os.kill(os.getpid(), signal.SIGSTOP)
    stay()
print('ready', flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
stay()""",
    "forks without end": """
ignore()
print('ready', flush=True)
while True:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(0.5)
        os._exit(0)
    os.wait()
    time.sleep(0.02)""",
}


def script(kind: str) -> str:
    """Give the whole script of one."""
    return _BEGIN + TREES[kind]
