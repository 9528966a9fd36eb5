"""Garbage is not looked for while the program loads, nor at its very end.

What is imported stays. Looking through it again and again as it grows was more than a third of the processor
time of a short command.
"""

import gc


def begin() -> None:
    """Look for no garbage until `done`."""
    gc.disable()


def done() -> None:
    """Look for garbage from now on, but never among what is loaded."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def end() -> None:
    """Leave all that there is to the operating system."""
    gc.freeze()
