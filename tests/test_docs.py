"""The documentation says what the program does: commands, settings, columns, links."""

from __future__ import annotations

import doctest
import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import djlib
from cli.main import app
from djlib import read_table, write_table
from djlib.bucketing.proposals import STATUSES
from djlib.settings import Settings
from djlib.tables.schema import BATCH, LISTINGS, PREDICTIONS, RATINGS, RECOMMENDATIONS, TRACKS
from docs.generate import PAGE, commands, commands_page

ROOT = Path(__file__).resolve().parents[1]
TOP = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md"]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [*TOP, *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = dict(commands())
GROUPS = {name.rpartition(" ")[0] for name in COMMANDS} - {"djlib"}
KINDS = {"tutorial", "how-to", "reference", "explanation", "decisions"}

_FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.M | re.S)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_CALL = re.compile(r"^[\d* ]*(djlib [a-z][a-z-]*(?: \S+)*)$", re.M)
_INLINE = re.compile(r"`(djlib [a-z][^`]*)`")


def prose_of(page: Path) -> str:
    """A page without its code blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def command_lines(page: Path) -> list[str]:
    """Every call of djlib on a page, in code blocks and in the running text."""
    blocks = _FENCE.findall(page.read_text(encoding="utf-8"))
    return _CALL.findall("\n".join(blocks)) + _INLINE.findall(prose_of(page))


def command_of(line: str) -> str:
    """The full name of the command a line calls, or of the group of commands it names."""
    words = line.split()
    for name in (" ".join(words[:3]), " ".join(words[:2])):
        if name in COMMANDS or (words == name.split() and name in GROUPS):
            return name
    raise AssertionError(f"no command in {line!r}")


def options_of(name: str) -> set[str]:
    """Every way to spell an option of a command."""
    parameters = COMMANDS[name].params if name in COMMANDS else []
    return {"--help", *(o for p in parameters for o in (*p.opts, *p.secondary_opts))}


def needed_of(name: str) -> list[set[str]]:
    """The options a command cannot do without, each in all its spellings."""
    parameters = COMMANDS[name].params if name in COMMANDS else []
    return [set(p.opts) for p in parameters if p.required and p.param_type_name == "option"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_that_calls_it(name: str) -> None:
    text = COMMANDS[name].help or ""
    about, found, example = text.partition("Example: ")
    assert len(about.strip()) > 10
    assert found
    assert example.startswith(name)
    assert command_of(example) == name


@pytest.mark.parametrize("name", [*COMMANDS, *sorted(GROUPS), "djlib"])
def test_every_help_can_be_asked_for(name: str) -> None:
    done = CliRunner().invoke(app, [*name.split()[1:], "--help"])
    assert done.exit_code == 0, done.output
    assert "Usage" in done.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    assert [p.name for p in COMMANDS[name].params if not p.help] == []


def test_the_reference_of_the_commands_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == commands_page(), "run: make docs"
    for name in COMMANDS:
        assert f"\n## {name}\n" in commands_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_pages_exist(page: Path) -> None:
    for line in command_lines(page):
        for call in re.split(r" && | \| ", line):
            asked = set(re.findall(r"(?<=\s)(--?[a-z][a-z0-9-]*)", call))
            known = options_of(command_of(call))
            assert asked <= known, f"{call}: no {asked - known}"
            lacking = [ways for ways in needed_of(command_of(call)) if asked and not ways & asked]
            assert not lacking or "--help" in asked, f"{call}: lacks {lacking}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(prose_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(there), f"{page.name}: {target}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, to_do = set(), [ROOT / "README.md"]
    while to_do:
        page = to_do.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = (link.partition("#")[0] for link in _LINK.findall(prose_of(page)))
        to_do += [(page.parent / file).resolve() for file in links if file and ":" not in file]
    assert {p for p in PAGES if p not in reached} == set()


def test_the_documentation_has_its_kinds() -> None:
    assert {p.parent.name for p in PAGES if ROOT / "docs" in p.parents} == KINDS


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z_.]+)` \| ([^|]+?) \|", page, re.M)
    assert {name: value.strip() for name, value in documented} == dict(settings_of(Settings()))


def settings_of(settings: Any, above: str = "") -> list[tuple[str, str]]:
    """Every setting by its full name with its default, as the page writes it."""
    found = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        if is_dataclass(value):
            found += settings_of(value, f"{above}{field.name}.")
        else:
            found.append((f"{above}{field.name}", "none" if value is None else f"{value}"))
    return found


@pytest.mark.parametrize(
    "schema",
    [PREDICTIONS, TRACKS, LISTINGS, BATCH, RECOMMENDATIONS, RATINGS],
    ids=lambda schema: schema.name,
)
def test_the_columns_of_files_are_documented_in_order(schema: Any) -> None:
    page = (ROOT / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
    section = page.partition(f"<!-- columns of {schema.name} -->")[2]
    section = re.split(r"\n## |<!-- ", section)[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.M) == schema.names


def test_every_status_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
    assert re.findall(r"^- `(\w+)`: ", page, re.M)[: len(STATUSES)] == list(STATUSES)


def test_the_public_names_are_documented() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    assert re.findall(r"^## `(\w+)", page, re.M) == djlib.__all__
    for model in (
        djlib.ContrastiveBandit,
        djlib.HybridBucketAssigner,
        djlib.SimpleMLBucketAssigner,
    ):
        parameters = inspect.signature(model).parameters.values()
        written = ", ".join(f"{p.name}={p.default!r}".replace("'", '"') for p in parameters)
        assert f"## `{model.__name__}({written})`" in page


def test_the_python_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    page = ROOT / "docs" / "reference" / "python.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=options)
    assert tried > 0
    assert failed == 0


def test_the_outputs_shown_are_those_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tutorial = ROOT / "docs" / "tutorial" / "first-library.md"
    printed = CliRunner().invoke(app, ["demo"]).stdout.replace(f"{tmp_path.resolve()}/", "")
    monkeypatch.chdir(tmp_path / "djlib-demo")
    fill_in(tutorial, Path("data/bucket_predictions.csv"))
    printed += CliRunner().invoke(app, ["feedback", "data/bucket_predictions.csv"]).stdout
    possible = {without_figures(line) for line in printed.splitlines()} | {"…"}
    shown = [line for page in (ROOT / "README.md", tutorial) for line in output_of(page)]
    assert len(shown) > 30
    assert [line for line in shown if without_figures(line) not in possible] == []


def fill_in(tutorial: Path, predictions: Path) -> None:
    """Correct the predictions as the table of the tutorial says."""
    rows = re.findall(r"^\| (t\d+) \| ([^|]+) \| ([^|]+) \|$", prose_of(tutorial), re.M)
    table = read_table(predictions).set_index("track_id", drop=False)
    for track_id, predicted, correct in rows:
        assert table.loc[track_id, "predicted_bucket"] == predicted
        assert table.loc[track_id, "status"] in ("unsure", "fits_nowhere")
        table.loc[track_id, "correct_bucket"] = correct
    write_table(table, predictions)


def output_of(page: Path) -> list[str]:
    """The lines of the blocks on a page that show what djlib printed."""
    blocks = _FENCE.findall(page.read_text(encoding="utf-8"))
    typed = re.compile(r"(djlib|make|pip|source|cd|mkdir) ")
    printed = [block for block in blocks if not typed.match(block)]
    return [line for block in printed for line in block.splitlines()]


def without_figures(line: str) -> str:
    """A line without digits, bars and padding, which may differ from machine to machine."""
    return re.sub(r"[\s█·]+", " ", re.sub(r"[0-9a-f]{8}|\d+", "0", line)).strip()


def test_decisions_say_context_choice_and_cost() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [p.name[:4] for p in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    for page in pages:
        headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.M)
        assert headings == ["Context", "Choice", "Cost"], page.name


def test_every_decision_is_listed_under_its_number_and_title() -> None:
    listed = re.findall(
        r"^\| (\d+) \| \[([^\]]+)\]\(([^)]+)\) \|",
        (DECISIONS / "README.md").read_text(encoding="utf-8"),
        re.M,
    )
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    titles = [page.read_text(encoding="utf-8").partition("\n")[0] for page in pages]
    assert [f"# {number}. {title}" for number, title, _ in listed] == titles
    assert [file for _, _, file in listed] == [page.name for page in pages]


def test_the_changelog_begins_with_what_is_not_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M)[0] == "Unreleased"


def test_versions_agree() -> None:
    assert f'version = "{djlib.__version__}"' in (ROOT / "pyproject.toml").read_text()
