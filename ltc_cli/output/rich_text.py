"""What Rich makes of a text or a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltc_cli.output.styles import REFERENCE

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from ltc_cli.output.screen import Screen


def rendered(drawn: RenderableType, screen: Screen, least_width: int = 0) -> str:
    """What the terminal gets to see it, without blanks at the ends of lines."""
    import io

    from rich.console import Console

    console = Console(
        file=io.StringIO(),
        width=max(least_width, screen.width or least_width),
        legacy_windows=False,
        force_terminal=screen.colour,
        color_system="auto" if screen.colour else None,
        no_color=not screen.colour,
        markup=False,
        highlight=False,
        emoji=False,
    )
    with console.capture() as captured:
        console.print(drawn)
    return "".join(f"{line.rstrip(' ')}\n" for line in captured.get().splitlines())


def cell_text(text: str, style: str = "", lead: int = 0) -> Text:
    """One cell; of a reference with its name behind it only the reference, `lead` characters, is coloured."""
    from rich.text import Text

    cell = Text(text, style="" if lead else style, no_wrap=True)
    cell.stylize(REFERENCE, 0, lead)
    return cell
