"""The colours of the table, each from the theme; `table--NAME` is the style of the cells named so."""

CSS = """
ExecutionTable {
    height: 1fr;
    width: 1fr;
    overflow-x: hidden;
    overflow-y: scroll;
    scrollbar-size-vertical: 1;
    background: $background;
    color: $text;
}
ExecutionTable > .table--header { background: $panel; color: $text; text-style: bold; }
ExecutionTable > .table--row { color: $text; }
ExecutionTable > .table--muted { color: $text-muted; }
ExecutionTable > .table--followed { color: $text-accent; }
ExecutionTable > .table--cursor {
    background: $block-cursor-background;
    color: $block-cursor-foreground;
    text-style: $block-cursor-text-style;
}
ExecutionTable > .table--cursor-blurred { background: $panel; color: $text; text-style: bold; }
ExecutionTable > .table--action { color: $text-accent; }
ExecutionTable > .table--action-focused {
    color: $text;
    background: $background;
    text-style: $action-focus-text-style;
}
ExecutionTable > .table--busy { color: $text-warning; }
ExecutionTable > .table--queued { color: $status-queued; }
ExecutionTable > .table--running { color: $status-running; }
ExecutionTable > .table--succeeded { color: $status-succeeded; }
ExecutionTable > .table--failed { color: $status-failed; }
ExecutionTable > .table--cancelled { color: $status-cancelled; }
"""

PARTS = (
    "table--header",
    "table--row",
    "table--muted",
    "table--followed",
    "table--cursor",
    "table--cursor-blurred",
    "table--action",
    "table--action-focused",
    "table--busy",
    "table--queued",
    "table--running",
    "table--succeeded",
    "table--failed",
    "table--cancelled",
)
