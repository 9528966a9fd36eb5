"""The colours of a text that fills the screen; `text--NAME` is the style of the pieces named so."""

CSS = """
TextView { height: 1fr; width: 100%; background: $background; color: $text; }
TextView > .text--heading { color: $text-accent; text-style: bold underline; }
TextView > .text--error { color: $text-error; text-style: bold; }
TextView > .text--gap { color: $text-warning; text-style: bold; }
TextView > .text--muted, TextView > .text--cut { color: $text-muted; }
TextView > .text--match { color: $text; text-style: bold underline; }
TextView > .text--current { color: $text; text-style: bold reverse; }
"""

PARTS = (
    "text--heading",
    "text--error",
    "text--gap",
    "text--muted",
    "text--cut",
    "text--match",
    "text--current",
)
