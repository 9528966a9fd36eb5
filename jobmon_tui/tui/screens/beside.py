"""How a list and the details of what its cursor is on lie in a window: beside each other, or below."""

WIDE = 120
"""From this width on the details stand beside the list."""


def layout_css(screen: str, listed: str, details: str) -> str:
    """Return the styles of a screen with an `#main` that holds both; the names are of Textual's types.

    `#main` has the class `-open` while the details are shown, `-wide` where there is room beside the list.
    """
    return f"""
    {screen} {{ layout: vertical; background: $background; }}
    {screen} #main {{ height: 1fr; layout: vertical; }}
    {screen} #main.-wide {{ layout: horizontal; }}
    {screen} {details} {{ display: none; height: 1fr; }}
    {screen} .-open {details} {{ display: block; }}
    {screen} .-wide {details} {{ width: 2fr; height: 100%; }}
    {screen} .-wide {listed} {{ width: 3fr; }}
    """
