"""Build the workspace of `tests/test_old_workspace.py`, by the commands of an older djlib alone.

    python build.py /path/to/checkout/of/3e0324c/.venv/bin/djlib /srv/dj/crates

The second argument is the workspace, which must not be there yet: its path stands in the logs, as
in any workspace, so it should be one that tells nothing of the machine. Everything in it is
invented. `workspace.tar.xz` beside this file is written anew, with three things in it: `crates`,
the workspace; `soft_vote`, a model saved through Python, of several heads, which no small workspace
holds; `expected.json`, what that djlib said, asked in a copy of the workspace.

The archive in the repository was built by commit 3e0324c and stays: it stands for the workspaces
people have. Built anew by a later djlib it would prove nothing.
"""

from __future__ import annotations

import csv
import io
import json
import os
import select
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ARCHIVE = Path(__file__).with_name("workspace.tar.xz")
LEARNERS = ("bucket", "keeper", "opportunity")
RENAMED = "Peak time=Main floor"
DAY = "2026-11-30"
"""The day the jobs are run for."""

SETTINGS = """\
seed = 7
lock_wait_s = 0.2

[buckets]
engine = "none"
trees = 6
folds = 2

[keepers]
engine = "none"
dial = "novel"
k = 6

[alerts]
smtp_port = 2525
smtp_security = "none"
mail_from = "djlib@example.org"
mail_to = ["dj@example.org"]
daily_summary = false

[opportunities]
engine = "none"
top = 6
keep_aside = 1
retune_most = 1
retune_impressions = 50
"""
"""No mail server is named, so nothing is ever sent."""

SOFT_VOTE = """
import sys
import pandas as pd
from djlib import HybridBucketAssigner, read_table
table = read_table(sys.argv[1], problems=[])
some = [table[table["bucket"] == name].head(3) for name in ("Warm up", "Peak time")]
few = pd.concat(some, ignore_index=True)
model = HybridBucketAssigner(head="soft_vote", engine=None, random_state=7)
model.fit(few, few["bucket"].tolist()).save(sys.argv[2])
"""

PROBABILITIES = """
import json
import sys
from pathlib import Path
import djlib
table = djlib.read_table(sys.argv[1], problems=[]).head(12)
is_hybrid = Path(sys.argv[2], "vocabulary.json").exists()
kind = "HybridBucketAssigner" if is_hybrid else "SimpleMLBucketAssigner"
model = getattr(djlib, kind).load(sys.argv[2])
print(json.dumps([kind, model.predict_proba(table).round(9).tolist()]))
"""
"""The kind of a saved bucket model, and its probabilities for the first tracks of a table."""

Row = dict[str, str]


class Workspace:
    """The workspace that is built, and the djlib that builds it."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DJLIB_")}
        self._environ = kept | {"COLUMNS": "100"}

    def do(self, *words: str) -> str:
        """Run a command; give what it printed."""
        print("djlib", *words, flush=True)
        return subprocess.run(
            [self.program, *words],
            cwd=self.folder,
            env=self._environ,
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        ).stdout

    def said(self, *words: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.do(*words, "--json"))

    def press(self, keys: str, *words: str) -> None:
        """Run a command in a terminal and press keys, each once it waits for one."""
        import fcntl
        import pty
        import termios

        print("djlib", *words, "<", keys, flush=True)
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(self.program, [str(self.program), *words], self._environ | {"TERM": "xterm"})
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
        for key in keys:
            _wait_until_quiet(terminal)
            os.write(terminal, key.encode())
        _wait_until_quiet(terminal, until_end=True)
        _, status = os.waitpid(child, 0)
        assert status == 0, status

    def rows(self, name: str) -> list[Row]:
        """The rows of a CSV."""
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, name: str, table: Sequence[Row]) -> str:
        """Write a CSV; give its name."""
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
        return name

    def edit(self, name: str, change: Callable[[int, Row], None]) -> str:
        """Let `change` edit each row of a CSV, as a person does in an editor."""
        table = self.rows(name)
        for number, row in enumerate(table):
            change(number, row)
        return self.write(name, table)


def _wait_until_quiet(terminal: int, *, until_end: bool = False) -> None:
    """Read what a program writes until it waits for a key, or ends."""
    heard = False
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        if select.select([terminal], [], [], 1.5)[0]:
            try:
                read = os.read(terminal, 65536)
            except OSError:  # the program has ended
                return
            if not read:
                return
            heard = True
        elif heard and not until_end:
            return
    raise TimeoutError("the program neither asks nor ends")


def buckets(here: Workspace) -> None:
    """Three versions: the forest, the hybrid with corrections, and one that went on from it."""
    library = ("synth", "tracks", "--rows", "42", "--buckets", "4", "--labelled", "0.75")
    here.do(*library, "--seed", "5", "--output", "given/tracks.csv")
    here.do("scan", "given/tracks.csv")
    here.do("train", "--model", "simple_ml")
    here.do("assign-buckets")
    here.do("export", "--output", "crates.xml", "--include-unsure")

    def correct(number: int, row: Row) -> None:
        if number < 4:
            row["correct_bucket"] = row["second_bucket"]

    predictions = here.edit("data/bucket_predictions.csv", correct)
    said = ("--satisfaction", "3", "--note", "Fine")
    here.do("feedback", predictions, "--rename", RENAMED, "--promote", *said)
    here.do("assign-buckets")
    here.press("y2suq", "review")  # right; another; skipped, and asked again; left
    here.do("feedback", predictions, "--fast", "--promote", "--satisfaction", "5")
    here.do("assign-buckets")
    here.do("export", "--output", "crates.xml", "--include-unsure")


def keepers(here: Workspace) -> None:
    """Two versions. `faithful` is left out: its network alone is as large as all the rest."""
    here.do("synth", "listings", "--rows", "32", "--seed", "5", "--output", "given/all.csv")
    table = here.rows("given/all.csv")
    for row in table:
        row.pop("keeper")
    here.do("scan", here.write("given/listings.csv", table))
    (here.folder / "given/all.csv").unlink()
    for _ in range(2):
        here.do("select-batch")
        here.edit("data/batch.csv", lambda _, row: row.update(keeper=answer(row)))
        here.do("feedback", "data/batch.csv", "--promote")


def answer(row: Mapping[str, str]) -> str:
    """What the invented collector says of a record."""
    return str(int(row["genres"].startswith("Electronic")))


def opportunities(here: Workspace) -> None:
    """Two versions, of two people's ratings; and a source that broke twice."""
    here.do("synth", "opportunities", "--rows", "44", "--seed", "5", "--output", "given/calls.csv")

    def ageless(number: int, row: Row) -> None:
        row["deadline"] = "2020-02-01" if number % 12 == 11 else "rolling"
        row["description"] = row["description"].partition(" Closes ")[0]

    here.do("scan", here.edit("given/calls.csv", ageless))
    here.do("scan", here.write("given/press.csv", list(press("Reading", "{:04}-06-01"))))
    for topic in ("Sale", "Offer", "Bargain"):
        here.write(f"given/{topic.lower()}.csv", list(press(topic, "2099-01-01")))
    here.do("scan", "given/sale.csv")
    here.do("scan", "given/offer.csv")
    here.do("recommend", "--user", "mara")
    stars = here.edit("data/recommendations.csv", lambda n, row: row.update(rating=str(n % 2)))
    here.do("feedback", stars, "--promote")
    rated = [
        {
            "user_id": user,
            "opportunity_id": row["opportunity_id"],
            "rating": str(int((word in row["title"].lower()) or number % 5 == 0)),
            "opened": str(number % 2),
            "rated_at": f"2026-10-{1 + number % 28:02}T12:00:00Z",
        }
        for user, word, some in (("mara", "sound", slice(0, 30)), ("ben", "film", slice(20, 44)))
        for number, row in enumerate(here.rows("given/calls.csv")[some])
    ]
    here.do("feedback", here.write("given/ratings.csv", rated), "--promote")
    here.do("recommend", "--user", "mara")


def press(topic: str, deadline: str) -> Iterator[Row]:
    """Calls of one source; broken where all close on one day."""
    for number in range(1, 13):
        yield {
            "opportunity_id": f"{topic.lower()}{number}",
            "title": f"{topic} no. {number}",
            "url": f"https://example.org/{topic.lower()}/{number}",
            "deadline": deadline.format(2080 + number),
            "source": "Harbour Press",
            "description": f"{topic} of the harbour press, evening {number}.",
        }


def expected(here: Workspace) -> dict[str, Any]:
    """What is said of the workspace, and what each version says when it is rolled back to."""
    found: dict[str, Any] = {
        "folder": str(here.folder),
        "versions": {
            learner: here.said("models", "list", "--learner", learner) for learner in LEARNERS
        },
        "report": here.said("report"),
        "review": here.said("review"),
        "explained": here.said("explain", corrected(here), "--history"),
        "jobs": here.said("jobs", "history"),
        "history": here.said("history", "list"),
        "exports": [
            (here.folder / "data/history/0002/0001-before.xml").read_text(encoding="utf-8"),
            (here.folder / "crates.xml").read_text(encoding="utf-8"),
        ],
        "other_dial": picks(here, "--dial", "accuracy"),
        "served": {},
    }
    with tempfile.TemporaryDirectory() as place:
        copy = Workspace(here.program, Path(place) / "crates")
        shutil.copytree(here.folder, copy.folder)
        for learner, ask in ASKED.items():
            trail = found["served"][learner] = {}
            for _ in found["versions"][learner]:
                listed = copy.said("models", "list", "--learner", learner)
                current = next(v["id"] for v in listed if v["current"])
                trail[current] = ask(copy)
                if len(trail) < len(listed):
                    copy.do("models", "rollback", "--learner", learner)
    return found


def corrected(here: Workspace) -> str:
    """The first track that was corrected."""
    log = (here.folder / "data/events/corrections.jsonl").read_text(encoding="utf-8")
    events = map(json.loads, log.splitlines())
    return next(str(event["track_id"]) for event in events if "track_id" in event)


def proposals(here: Workspace) -> list[list[str]]:
    """The buckets of all tracks."""
    shown = ("track_id", "predicted_bucket", "status", "confidence", "second_probability")
    here.do("assign-buckets", "given/tracks.csv", "--output", "asked.csv")
    return [[row[name] for name in shown] for row in here.rows("asked.csv")]


def picks(here: Workspace, *words: str) -> list[list[Any]]:
    """The next batch: listing, why, how likely it is kept, how sure that is."""
    shown = ("listing_id", "selection_strategy", "mean", "uncertainty_at_selection")
    batch = here.said("select-batch", "--dry-run", *words)
    return [[row[name] for name in shown] for row in batch["rows"]]


def recommended(here: Workspace) -> dict[str, list[list[Any]]]:
    """The calls for somebody each: call and chance."""
    lists = {
        user: here.said("recommend", "--dry-run", "--user", user) for user in ("mara", "ben", "zoe")
    }
    return {
        user: [[row["opportunity_id"], row["chance"]] for row in said["rows"]]
        for user, said in lists.items()
    }


ASKED: dict[str, Callable[[Workspace], Any]] = {
    "bucket": proposals,
    "keeper": picks,
    "opportunity": recommended,
}


def python(here: Workspace, code: str, *words: str | Path) -> str:
    """Run code with the Python of the djlib that builds; give what it printed."""
    program = here.program.with_name("python")
    done = [program, "-c", code, here.folder / "given/tracks.csv", *words]
    return subprocess.run(
        done, cwd=here.folder, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def probabilities(here: Workspace, model: Path) -> Any:
    """The kind of a saved bucket model, and its probabilities for some tracks."""
    return json.loads(python(here, PROBABILITIES, model))


def soft_vote(here: Workspace, place: Path) -> None:
    """Save a model of several heads through Python.

    Its parts are packed anew without compression: within an archive that is compressed as a whole
    they take a tenth of the room so.
    """
    python(here, SOFT_VOTE, place)
    with zipfile.ZipFile(place / "parts.skops") as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(place / "parts.skops", "w", zipfile.ZIP_STORED) as loose:
        for name, content in parts.items():
            loose.writestr(zipfile.ZipInfo(name), content)


def pack(here: Workspace, model: Path, facts: dict[str, Any]) -> None:
    """Put everything into the archive; whose files they were and when is left out."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if Path(info.name).name == ".djlib.lock":
            return None
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        return info

    said = json.dumps(facts, ensure_ascii=False).encode()
    with tarfile.open(ARCHIVE, "w:xz", preset=9) as archive:
        archive.add(here.folder, "crates", filter=plain)
        archive.add(model, "soft_vote", filter=plain)
        info = tarfile.TarInfo("expected.json")
        info.size = len(said)
        archive.addfile(info, io.BytesIO(said))
    print(f"{ARCHIVE}: {ARCHIVE.stat().st_size:,} bytes")


def main(program: str, folder: str) -> None:
    """Build, ask, pack."""
    here = Workspace(Path(program).absolute(), Path(folder).absolute())
    here.folder.mkdir(parents=True)
    (here.folder / "given").mkdir()
    (here.folder / "djlib.toml").write_text(SETTINGS, encoding="utf-8")
    buckets(here)
    keepers(here)
    opportunities(here)
    here.do("jobs", "run", "daily", "--slot", DAY)
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "soft_vote"
        soft_vote(here, model)
        facts = expected(here)
        saved = here.folder / "models" / "versions" / "bucket"
        facts["probabilities"] = {
            place.parent.name: probabilities(here, place) for place in saved.glob("*/model")
        }
        facts["soft_vote"] = probabilities(here, model)
        pack(here, model, facts)


if __name__ == "__main__":
    main(*sys.argv[1:])
