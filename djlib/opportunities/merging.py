"""The same call from several scrapers, or found again, made one row."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, count

import pandas as pd

from ..features.text import fold
from ..formats.calls.web_addresses import canonical_url, host_of
from .intake import CALL_COLUMNS

READ = 500
"""Signs of a description that are compared."""
_ALIKE, _ALIKE_ELSEWHERE = 88.0, 93.0
_SAME_TEXT, _LIKE_TEXT = 95.0, 60.0
_A_TEXT = 80
"""Signs from which on a description says enough to compare."""
_FEW_WORDS = 3
_GENERIC = 8
"""Pages that one title may name and still say something."""
_MOST_IN_BLOCK = 60
_WORDS = re.compile(r"\w+")
_ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True)
class Merge:
    """All calls; how many are new, known already, doubles of another in what came in, and of the
    known ones how many have another deadline now."""

    calls: pd.DataFrame
    new: int
    known: int
    doubles: int
    moved: int


@dataclass(frozen=True)
class _Call:
    place: int
    url: str
    places: tuple[str, ...]
    ids: tuple[str, ...]
    host: str
    title: str
    deadline: str
    text: str
    is_new: bool


def merge(old: pd.DataFrame | None, new: pd.DataFrame) -> Merge:
    """Add `new` calls to `old` ones, which stay in their order; new ones come behind.

    The oldest record of a call gives its id and title, the latest its deadline; tags and sources
    are joined, and the longest description is kept. An id that two scrapers gave to different calls
    stays with the first.
    """
    n_old = 0 if old is None else len(old)
    both = new if old is None else pd.concat([old, new], ignore_index=True)
    both = both.reindex(columns=list(CALL_COLUMNS), fill_value="").astype("str")
    calls = [_call(n, row, n >= n_old) for n, row in enumerate(both.to_dict("records"))]
    sets = DatedDisjointSet([call.deadline for call in calls])
    _join_by_id(calls, sets)
    _join_at_one_place(calls, sets)
    _join_elsewhere(calls, sets)
    _move_deadlines(calls, sets)
    groups = sets.groups()
    rows = both.to_dict("records")
    made = [joined([rows[place] for place in group]) for group in groups]
    moved = sum(has_moved(rows, group, n_old) for group in groups)
    table = pd.DataFrame(made, columns=list(CALL_COLUMNS)).astype("str")
    table["opportunity_id"], table["other_ids"] = ids_of(table)
    n_new = sum(group[0] >= n_old for group in groups)
    known = sum(group[0] < n_old <= group[-1] for group in groups)
    return Merge(table, n_new, known, len(new) - n_new - known, moved)


def _call(place: int, row: dict[str, str], is_new: bool) -> _Call:
    deadline = row["deadline"] if row["deadline"] not in ("", "tba") else ""
    title, text = _plain(row["title"]), fold(row["description"][:READ])
    return _Call(
        place,
        url=canonical_url(row["url"]),
        places=tuple(dict.fromkeys((place_of(row), *row["known_at"].split()))),
        ids=tuple(filter(None, (row["opportunity_id"], *row["other_ids"].split("|")))),
        host=host_of(row["url"]),
        title=title,
        deadline=deadline,
        text=text,
        is_new=is_new,
    )


def _plain(title: str) -> str:
    """The words of a title without accents, which scrapers lose.

    >>> _plain("Résidence d'été à Sète")
    'residence d ete a sete'
    """
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", title))
    return " ".join(_WORDS.findall(fold(bare)))


def _join_by_id(calls: list[_Call], sets: DatedDisjointSet) -> None:
    """Records of one id, where title or address agree: many scrapers count from 1, each time."""
    known: dict[str, list[_Call]] = defaultdict(list)
    for call in calls:
        for name in call.ids:
            same = next((other for other in known[name] if _agree(call, other)), None)
            if same is not None:
                sets.join(same.place, call.place, anyway=True)
            elif len(known[name]) < _MOST_IN_BLOCK:
                known[name].append(call)


def _agree(one: _Call, other: _Call) -> bool:
    return not set(one.places).isdisjoint(other.places) or _are_alike(
        one.title, other.title, _ALIKE
    )


def _join_at_one_place(calls: list[_Call], sets: DatedDisjointSet) -> None:
    for group in _by_place(calls):
        for same in _grouped(group, lambda call: call.title):
            for by_deadline in _grouped(same, lambda call: call.deadline or "-"):
                _join_all(by_deadline, sets)
            _join_all_that_fit(same, sets)
        titles = {call.title: call for call in group}
        for one, other in _pairs(list(titles.values())):
            if _are_alike(one.title, other.title, _ALIKE):
                sets.join(one.place, other.place)


def _join_elsewhere(calls: list[_Call], sets: DatedDisjointSet) -> None:
    pages: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        pages[call.title].add(call.url or f"-{call.place}")
    specific = [c for c in calls if len(pages[c.title]) <= _GENERIC]
    generic = [c for c in calls if len(pages[c.title]) > _GENERIC and len(c.text) >= _A_TEXT]
    for same in _grouped(generic, lambda call: f"{call.title}\n{call.deadline}\n{call.text}"):
        _join_all(same, sets)
    distinct = {(c.title, c.url, c.deadline): c for c in specific}
    for block in _blocks(list(distinct.values())):
        for one, other in _pairs(block):
            if not sets.connected(one.place, other.place) and _are_one_call(one, other):
                sets.join(one.place, other.place)


def _are_one_call(one: _Call, other: _Call) -> bool:
    """Whether two records at different addresses are the same call."""
    from rapidfuzz import fuzz

    if min(len(one.title.split()), len(other.title.split())) < _FEW_WORDS:
        return False
    if not _are_alike(one.title, other.title, _ALIKE_ELSEWHERE):
        return False
    both_say = min(len(one.text), len(other.text)) >= _A_TEXT
    similarity = fuzz.token_set_ratio(one.text, other.text) if both_say else None
    if one.host == other.host and one.url and other.url:
        return similarity is not None and similarity >= _SAME_TEXT
    is_dated = one.deadline[:1].isdigit()
    if is_dated and one.deadline[:10] == other.deadline[:10]:
        return similarity is None or similarity >= _LIKE_TEXT
    return similarity is not None and similarity >= _SAME_TEXT


def _move_deadlines(calls: list[_Call], sets: DatedDisjointSet) -> None:
    """What an earlier scan found at an address and the later one with another deadline."""
    for group in _by_place(calls):
        for same in _grouped(group, lambda call: call.title):
            stayed = {sets.root(c.place) for c in same if not c.is_new}
            came = {sets.root(c.place) for c in same if c.is_new}
            before = [c for c in same if not c.is_new and sets.root(c.place) not in came]
            after = [c for c in same if c.is_new and sets.root(c.place) not in stayed]
            for one, other in zip(before, after, strict=False):
                sets.join(one.place, other.place, anyway=True)


def _are_alike(one: str, other: str, least: float) -> bool:
    from rapidfuzz import fuzz

    numbers = [set(re.findall(r"\d+", title)) for title in (one, other)]
    if all(numbers) and numbers[0] != numbers[1]:
        return False
    return bool(fuzz.token_sort_ratio(one, other, score_cutoff=least))


def _blocks(calls: list[_Call]) -> Iterator[list[_Call]]:
    """Calls that share one of the two rarest words of their titles."""
    often = Counter(word for call in calls for word in set(call.title.split()))
    blocks: dict[str, list[_Call]] = defaultdict(list)
    for call in calls:
        for word in sorted(set(call.title.split()), key=lambda w: (often[w], w))[:2]:
            blocks[word].append(call)
    for block in blocks.values():
        if len(block) > _MOST_IN_BLOCK:
            yield from _grouped(block, lambda call: f"{call.title[:12]} {call.deadline}")
        else:
            yield block


def _by_place(calls: Iterable[_Call]) -> Iterator[list[_Call]]:
    """Calls found at one place, where there are several."""
    groups: dict[str, list[_Call]] = defaultdict(list)
    for call in calls:
        for place in call.places:
            groups[place].append(call)
    yield from (group for group in groups.values() if len(group) > 1)


def _grouped(calls: Iterable[_Call], key: Callable[[_Call], str]) -> Iterator[list[_Call]]:
    """Calls of one key, where there are several; an empty key is none."""
    groups: dict[str, list[_Call]] = defaultdict(list)
    for call in calls:
        if found := key(call):
            groups[found].append(call)
    yield from (group for group in groups.values() if len(group) > 1)


def _pairs(calls: list[_Call]) -> Iterator[tuple[_Call, _Call]]:
    yield from combinations(calls[:_MOST_IN_BLOCK], 2)


def _join_all(calls: list[_Call], sets: DatedDisjointSet) -> None:
    for call in calls[1:]:
        sets.join(calls[0].place, call.place)


def _join_all_that_fit(calls: list[_Call], sets: DatedDisjointSet) -> None:
    """Those without a deadline to the first that has one: it is what they leave out."""
    dated = [call for call in calls if call.deadline]
    for call in calls:
        if not call.deadline and dated:
            sets.join(dated[0].place, call.place)


class DatedDisjointSet:
    """Disjoint sets of rows. Each row may carry a deadline, and two sets whose deadlines differ
    stay apart, whatever row between them would join them.

    >>> rows = DatedDisjointSet(["2026-05-01", "", "2026-06-01"])
    >>> rows.join(0, 1), rows.join(1, 2), rows.groups()
    (True, False, [[0, 1], [2]])
    """

    def __init__(self, deadlines: Sequence[str]) -> None:
        from scipy.cluster.hierarchy import DisjointSet

        self._sets = DisjointSet(range(len(deadlines)))
        self._first = dict(enumerate(enumerate(deadlines)))
        """First row and deadline of each set, by its root."""

    def root(self, row: int) -> int:
        """The row that stands for the set a row is in, until the next `join`."""
        return int(self._sets[row])

    def connected(self, one: int, other: int) -> bool:
        """Whether two rows are in one set."""
        return bool(self._sets.connected(one, other))

    def join(self, one: int, other: int, *, anyway: bool = False) -> bool:
        """Make one set of two; False, and nothing done, where their deadlines differ.

        `anyway` joins them all the same; the deadline of the set with the first row then counts.
        """
        (first, date), (second, other_date) = sorted(
            (self._first[self.root(one)], self._first[self.root(other)])
        )
        if first == second:
            return True
        if date and other_date and date != other_date and not anyway:
            return False
        self._sets.merge(one, other)
        self._first[self.root(one)] = (first, date or other_date)
        return True

    def groups(self) -> list[list[int]]:
        """Every set, by its first row, rows in order."""
        return [sorted(rows) for rows in self._sets.subsets()]


def place_of(row: Mapping[str, str]) -> str:
    """Where a record lies: its address, else a mark of what it says, which a later scan finds
    again."""
    text = f"{fold(row['title'])}\x1f{fold(row['description'][:READ])}"
    return canonical_url(row["url"]) or f"text:{_digest(text)}"


def joined(records: list[dict[str, str]]) -> dict[str, str]:
    """The records of one call as one row, the oldest first."""
    oldest = records[0]
    latest = max(
        reversed(records), key=lambda r: (r["deadline"] not in ("", "tba"), r["scraped_at"])
    )
    ids = [i for r in records for i in (r["opportunity_id"], *r["other_ids"].split("|")) if i]
    own = ids[0] if ids else ""
    url = next((r["url"] for r in records if r["url"]), "")
    places = {place for r in records for place in (place_of(r), *r["known_at"].split())}
    return oldest | {
        "opportunity_id": own,
        "deadline": latest["deadline"] or oldest["deadline"],
        "deadline_said": latest["deadline_said"],
        "url": url,
        "known_at": " ".join(sorted(places - {canonical_url(url)})),
        "tags": _all_of(records, "tags", ";"),
        "sources": _all_of(records, "sources", "|"),
        "starts": next((r["starts"] for r in reversed(records) if r["starts"]), ""),
        "ends": next((r["ends"] for r in reversed(records) if r["ends"]), ""),
        "location": next((r["location"] for r in records if r["location"]), ""),
        "description": max((r["description"] for r in records), key=len),
        "scraped_at": max(r["scraped_at"] for r in records),
        "first_seen": min(r["first_seen"] for r in records),
        "other_ids": "|".join(dict.fromkeys(i for i in ids if i != own)),
    }


def _all_of(records: list[dict[str, str]], column: str, mark: str) -> str:
    parts = (part.strip() for record in records for part in record[column].split(mark))
    return ("; " if mark == ";" else mark).join(dict.fromkeys(part for part in parts if part))


def has_moved(rows: list[dict[str, str]], group: list[int], n_old: int) -> bool:
    """Whether a known call has another deadline now; one that had none has not moved."""
    was = [rows[place]["deadline"] for place in group if place < n_old]
    comes = [rows[place]["deadline"] for place in group if place >= n_old]
    return bool(was and any(comes) and was[0] not in ("", "tba", *comes))


def ids_of(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The id of each call: its own, else one made of address and title, each once; and its others,
    with its own where an earlier call has that."""
    given = set(table["opportunity_id"])
    taken: set[str] = {""}
    ids, others = [], []
    for row in table.to_dict("records"):
        own, other = row["opportunity_id"], row["other_ids"]
        if own in taken:
            made = next(n for n in _names(row) if n not in taken and n not in given)
            other = "|".join(filter(None, (own, other)))
            own = made
        taken.add(own)
        ids.append(own)
        others.append(other)
    return ids, others


def _names(row: Mapping[str, str]) -> Iterator[str]:
    """Ids a call may get, the plainest first."""
    names = [canonical_url(row["url"]) or row["source"], fold(row["title"])]
    for more in chain([[]], [[row["deadline"]]], ([row["deadline"], str(n)] for n in count())):
        yield f"o{_digest(chr(31).join([*names, *more]))}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
