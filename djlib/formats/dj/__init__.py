"""DJ software: rekordbox, Traktor, Serato, VirtualDJ, Mixxx, Engine DJ, M3U."""
