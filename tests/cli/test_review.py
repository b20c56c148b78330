"""`djlib review`: what keys do, what the screen shows, and the whole of it in a real terminal."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.render import keys
from cli.render.conversation import Conversation
from cli.render.review_screen import screen_of, visible
from djlib.workflows.buckets.review_session import Proposal, Session
from tests.cli.running import PREDICTIONS, as_json, done, edit, refused, rows

_PATIENCE_S = 60

ROOT = Path(__file__).resolve().parents[2]


def conversation(*, is_multi: bool = False, **changes: str) -> tuple[Conversation, Session]:
    """A conversation about three tracks, of which the first looks as asked."""
    row = {
        "track_id": "t0", "artist": "Robyn", "title": "Be Mine", "predicted_bucket": "Peak",
        "confidence": 0.4, "second_bucket": "Warm up", "second_probability": 0.3,
        "status": "unsure", "reason": "tempo 124 speaks for it",
    }  # fmt: skip
    tracks = [Proposal.of(row | changes)]
    tracks += [Proposal.of(row | {"track_id": f"t{n}", "status": "ok"}) for n in (1, 2)]
    in_use = ["Peak", "Warm up", "Late", "Sets / 2017"]
    session = Session(tracks, {}, [], set(), in_use, is_multi)
    return Conversation(session), session


def press(talk: Conversation, *pressed: str) -> None:
    for key in pressed:
        assert talk.press(key)


def shown(talk: Conversation, width: int = 80) -> str:
    """What the screen shows, as text."""
    out = StringIO()
    Console(file=out, width=width, height=24).print(screen_of(talk))
    return out.getvalue()


def test_enter_and_y_accept_digits_choose_s_skips_u_takes_back() -> None:
    talk, session = conversation()
    press(talk, keys.ENTER, "2", "s")
    assert session.said == {"t0": ("Peak",), "t1": ("Warm up",)}
    assert "Every track was asked about" in shown(talk)
    press(talk, "u", "u", "y", "u", "u")
    assert (session.said, session.current) == ({}, session.tracks[0])
    press(talk, "u")
    assert "Nothing to take back" in shown(talk)
    assert not talk.press("q")


def test_a_digit_without_a_bucket_and_unknown_keys_do_nothing() -> None:
    talk, session = conversation()
    before = shown(talk)
    press(talk, "9", "0", "x", keys.UP, keys.UNKNOWN, keys.RESIZE)
    assert (session.steps, shown(talk)) == ([], before)


def test_a_bucket_is_found_by_a_part_of_its_name() -> None:
    talk, session = conversation()
    press(talk, "/", *"2017")
    assert "> Sets / 2017" in shown(talk)
    press(talk, keys.ENTER, "/", *"la", keys.BACKSPACE, keys.BACKSPACE, keys.BACKSPACE, "3")
    assert session.said == {"t0": ("Sets / 2017",), "t1": ("Late",)}
    press(talk, "/", keys.DOWN, keys.DOWN, keys.UP, keys.ENTER)
    assert session.said["t2"] == ("Warm up",)


def test_a_new_bucket_is_made_only_when_confirmed() -> None:
    talk, session = conversation()
    press(talk, "/", *"dub", keys.ENTER)
    assert "There is no bucket 'dub' yet. Make it?" in shown(talk)
    press(talk, "n", keys.ESCAPE)
    assert session.said == {}
    press(talk, "/", *"dub", keys.ENTER, "x", "y")
    assert session.said == {"t0": ("dub",)}
    press(talk, "/", *"du")
    assert "> dub" in shown(talk)


def test_a_new_bucket_may_be_a_part_of_another_s_name_but_not_the_same() -> None:
    talk, session = conversation()
    press(talk, "/", *"war", keys.TAB, keys.ENTER, "y")
    assert session.said == {"t0": ("war",)}
    press(talk, "/", *"peak", keys.DOWN, keys.ENTER)
    assert session.said["t1"] == ("Peak",)
    press(talk, "/", *"a|b", keys.ENTER)
    assert "no '|' in it" in shown(talk)


def test_several_buckets_are_marked_and_then_accepted() -> None:
    talk, session = conversation(is_multi=True)
    assert "[x] Peak" in shown(talk)
    press(talk, "2", "/", *"lat", keys.ENTER)
    assert session.said == {}
    press(talk, keys.ENTER)
    assert session.said == {"t0": ("Peak", "Warm up", "Late")}
    press(talk, "1", keys.ENTER)
    assert "Mark at least one bucket" in shown(talk)
    assert "t1" not in session.said


def test_a_mark_beyond_the_digits_is_shown_too() -> None:
    talk, session = conversation(is_multi=True)
    session.buckets += [f"Bucket {n}" for n in range(9)]
    press(talk, "/", *"bucket 8", keys.ENTER)
    assert "[x] Bucket 8" in shown(talk, width=60)


def test_help_names_every_key() -> None:
    talk, _ = conversation()
    press(talk, "?")
    for key in ("Enter, y", "1 to 9", "/", "s", "u", "q"):
        assert f"\n{key} " in shown(talk, width=60)
    assert "…" not in shown(talk, width=60)
    press(talk, "q")
    assert "Be Mine" in shown(talk)


@pytest.mark.parametrize(
    "title",
    [
        "夜に駆ける" * 12,
        "أغنية طويلة " * 8,
        "a\x1b[2J\x1b]0;x\x07\r\n\tb",
        "\u202egnos",
        "e\u0301" * 90,
    ],
)
def test_no_title_breaks_a_narrow_screen(title: str) -> None:
    talk, _ = conversation(title=title, reason=title, predicted_bucket=title.strip())
    text = shown(talk, width=60)
    assert not set(text) & {"\x1b", "\x07", "\r", "\t", "\u202e"}
    assert len(text.splitlines()) < 24
    assert "1 ████" in text
    assert visible("") == ""


def test_without_a_terminal_it_is_wrong_usage(learned: Path) -> None:
    done("assign-buckets")
    assert "this is no terminal" in refused("review", code=2)


def test_json_says_where_it_stands_and_done_writes_nothing_new(learned: Path) -> None:
    done("assign-buckets")
    report = as_json("review")
    assert (report["answered"], report["left"]) == (0, len(rows()))
    assert report["next"]["status"] == "unsure"
    assert "0 of" in done("review", "--done").stdout
    assert {row["correct_bucket"] for row in rows()} == {""}


def test_no_predictions_is_one_line(fresh: Path) -> None:
    assert "djlib assign-buckets" in refused("review", "--json")


def test_learn_takes_the_answers_at_once(learned: Path) -> None:
    done("assign-buckets")

    def answer(number: int, row: dict[str, str]) -> None:
        row["correct_bucket"] = row["second_bucket"] if number < 3 else ""

    edit(answer)
    assert len(as_json("review", "--done", "--learn")["taken"]) == 3
    assert as_json("review")["learned"] == 3


class Terminal:
    """A terminal of 60 columns in which `djlib review` runs."""

    def __init__(self, folder: Path, sockets: str) -> None:
        self._folder = folder
        self._environ = {**os.environ, "TMUX_TMPDIR": sockets}
        self._n_started = 0

    def start(self) -> None:
        """Begin a review; what it prints at the end stays on the screen."""
        self._n_started += 1  # a server of its own for each: the last one may still be ending
        path = shlex.quote(f"PYTHONPATH={ROOT}")
        review = f"env {path} {shlex.quote(sys.executable)} -m cli review"
        script = f"{review} & echo $! > pid; fg; echo ended $?; stty -a; sleep 60"
        shell = f"bash -mc {shlex.quote(script)}"
        self._run("new-session", "-d", "-s", "djlib", "-x", "60", "-y", "24", shell)

    def press(self, *pressed: str) -> None:
        self._run("send-keys", "-t", "djlib", *pressed)

    def wait_for(self, text: str) -> str:
        """The screen as soon as it shows a text."""
        screen, until = "", time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            screen = self._run("capture-pane", "-p", "-t", "djlib")
            if text in screen:
                return screen
            time.sleep(0.05)
        raise AssertionError(f"no {text!r} in:\n{screen}")

    def kill(self) -> None:
        """Kill the review without a warning."""
        self.send(signal.SIGKILL)
        self.wait_for("ended 137")
        self.close()

    def send(self, number: signal.Signals) -> None:
        os.kill(int((self._folder / "pid").read_text()), number)

    def close(self) -> None:
        self._run("kill-server")

    def _run(self, *words: str) -> str:
        return subprocess.run(
            ["tmux", "-L", str(self._n_started), "-f", os.devnull, *words],
            cwd=self._folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
        ).stdout


@pytest.fixture
def terminal(learned: Path) -> Iterator[Terminal]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed: no terminal to try the review in")
    done("assign-buckets")
    with tempfile.TemporaryDirectory() as sockets:  # their paths must be short
        opened = Terminal(learned, sockets)
        yield opened
        opened.close()


def test_in_a_real_terminal_a_killed_review_goes_on_and_is_learned(terminal: Terminal) -> None:
    n = len(rows())
    first = as_json("review")["next"]
    terminal.start()
    screen = terminal.wait_for("Enter right")
    assert f"0 of {n} answered" in screen
    assert first["title"][:50] in screen
    terminal.press("2")
    terminal.wait_for(f"1 of {n} answered, 1 corrected")
    terminal.press("Enter", "s", "y")
    terminal.wait_for(f"3 of {n} answered, 1 corrected")
    terminal.kill()
    assert {row["correct_bucket"] for row in rows()} == {""}

    terminal.start()
    terminal.wait_for(f"3 of {n} answered, 1 corrected")
    terminal.press("u")
    terminal.wait_for("Taken back")
    terminal.press("/", "x", "Escape", "q")
    screen = terminal.wait_for("ended 0")
    assert "learns from" in screen  # the line is broken where the terminal ends
    assert "your answers" in screen
    assert " icanon " in terminal.wait_for("icanon")

    said = {r["track_id"]: r["correct_bucket"] for r in rows() if r["correct_bucket"]}
    assert len(said) == 2
    assert said[first["track_id"]] == list(first["choices"])[1]
    report = as_json("feedback", PREDICTIONS)
    assert {t["track_id"] for t in report["taken"]} == set(said)
    assert report["confirmed"] == 1


def test_in_a_real_terminal_ctrl_c_leaves_in_order(terminal: Terminal) -> None:
    terminal.start()
    terminal.wait_for("Enter right")
    terminal.press("Enter")
    terminal.wait_for("1 of")
    terminal.press("C-c")
    terminal.wait_for("ended 0")
    assert " icanon " in terminal.wait_for("icanon")
    assert sum(bool(row["correct_bucket"]) for row in rows()) == 1
    assert json.loads(done("review", "--json").stdout)["waiting"] == 0


def test_in_a_real_terminal_a_request_to_end_puts_the_terminal_back(terminal: Terminal) -> None:
    terminal.start()
    terminal.wait_for("Enter right")
    terminal.press("Enter")
    terminal.wait_for("1 of")
    terminal.send(signal.SIGTERM)
    terminal.wait_for("ended 143")
    assert " icanon " in terminal.wait_for("icanon")
    assert as_json("review")["waiting"] == 1
