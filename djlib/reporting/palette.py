"""One set of colours and one typeface for every chart and page, in daylight and in the dark."""

from __future__ import annotations

from dataclasses import asdict, dataclass

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif'

SERIES = ("accent", "second", "third", "fourth", "fifth")
"""Names of the colours for what is compared, most important first; tell them apart by eye with
any common colour blindness (after Okabe and Ito 2008)."""


@dataclass(frozen=True)
class Palette:
    """Colours by what they mean. `ink` on `ground` and `card` reads at 7 to 1 or better, `soft`
    at 4.5 to 1."""

    ground: str
    card: str
    ink: str
    soft: str
    faint: str
    accent: str
    second: str
    third: str
    fourth: str
    fifth: str
    good: str
    bad: str

    def css(self) -> str:
        """CSS variables `--ink` and so on."""
        return "".join(f"--{name}:{colour};" for name, colour in asdict(self).items())


LIGHT = Palette(
    ground="#f6f7f9",
    card="#ffffff",
    ink="#1b2430",
    soft="#5a6675",
    faint="#d5dbe3",
    accent="#1f6fb2",
    second="#c2570c",
    third="#0b7f63",
    fourth="#9c3f86",
    fifth="#8a6d00",
    good="#0b7f63",
    bad="#b3261e",
)
DARK = Palette(
    ground="#12161c",
    card="#1b212a",
    ink="#e8edf3",
    soft="#a2afbd",
    faint="#374250",
    accent="#6cb3ef",
    second="#f2995c",
    third="#4ecba8",
    fourth="#dc94c9",
    fifth="#d9bd4f",
    good="#4ecba8",
    bad="#ff8a80",
)
