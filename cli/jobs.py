"""`djlib jobs`: what runs while nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from djlib.settings import JobSettings

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session

app = typer.Typer(help="Run, list and schedule what needs nobody.", no_args_is_help=True)

_Job = Literal["search", "retrain", "monitor", "report", "daily"]
_Name = Annotated[_Job, typer.Argument(help="search, retrain, monitor, report; daily does all.")]
_At = Annotated[
    str | None,
    typer.Option(
        "--at",
        help=f"The time of the day, local. Default: the setting jobs.at ({JobSettings().at}).",
    ),
]


@app.command("run")
@o.in_session()
def run(
    session: Session,
    job: _Name,
    learner: Annotated[
        list[str] | None,
        typer.Option("--learner", help="bucket, keeper or opportunity. Default: all in use."),
    ] = None,
    slot: Annotated[
        str | None,
        typer.Option("--slot", help="The day it is done for. Default: today.", metavar="DAY"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Do it though it was done for this day.")
    ] = False,
) -> None:
    """Do a job once for today: what is done already is not done again.

    Ends with 0 when done, 1 when something failed, 75 when another run holds the workspace.

    Example: djlib jobs run daily
    """
    from djlib.jobs.run_job import run_job

    report = run_job(
        session.workspace,
        session.settings,
        job,
        talk=session.talk,
        names=learner or (),
        day=slot,
        force=force,
    )
    session.show(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


@app.command("history")
def history(
    most: Annotated[int, typer.Option("--last", min=1, help="How many runs.")] = 20,
    job: Annotated[_Job | None, typer.Option("--job", help="Of one job only.")] = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
) -> None:
    """Say what ran when, how it ended and what came of it.

    Example: djlib jobs history --last 5
    """
    from djlib.jobs.slots import past_job_runs

    from ._session import Session, print_json
    from .render.jobs import runs_past

    runs = past_job_runs(Session(workspace).workspace, most, job)
    if json:
        print_json(runs)
    else:
        runs_past(runs)


@app.command("alert-test")
def alert_test(json: o.Json = False, workspace: o.Workspace = None) -> None:
    """Send a test message by every way that is set up.

    Example: djlib jobs alert-test
    """
    from djlib.monitoring.alerts import send_test

    from ._session import Session, print_json
    from .render.text import line

    session = Session(workspace)
    found = send_test(session.workspace, session.settings)
    if json:
        print_json(found)
    else:
        line(f"Sent by {', '.join(found.ways)}: {found.delivery.sent} of {len(found.ways)}.")
    for error in found.delivery.errors:
        session.talk.say(error)
    if found.delivery.errors:
        raise typer.Exit(1)


@app.command("deliver")
def deliver(json: o.Json = False, workspace: o.Workspace = None) -> None:
    """Send the messages that did not go out before; every job does so too.

    Example: djlib jobs deliver
    """
    from djlib.monitoring.alerts import send_waiting

    from ._session import Session, print_json
    from .render.text import line

    session = Session(workspace)
    found = send_waiting(session.workspace, session.settings)
    if json:
        print_json(found)
    else:
        line(f"{found.sent} sent, {found.waiting} waiting, {found.given_up} given up.")
    if found.errors:
        raise typer.Exit(1)


@app.command("run-scheduler")
@o.in_session(wait=False)
def run_scheduler(
    session: Session,
    at: _At = None,
) -> None:
    """Stay and run the daily jobs, where there is neither cron nor systemd.

    A day that was missed while the machine slept is made up for. Ends with Ctrl-C or SIGTERM.

    Example: djlib jobs run-scheduler --at 04:30
    """
    from djlib.jobs.scheduler import Time, keep_running

    keep_running(
        session.workspace,
        session.settings,
        Time.read(session.settings.jobs.at if at is None else at),
        talk=session.talk,
        done=session.show,
    )


@app.command("cron")
def cron(
    job: _Name = "daily", at: _At = None, json: o.Json = False, workspace: o.Workspace = None
) -> None:
    """Print the line for `crontab -e`; nothing is installed.

    Example: djlib jobs cron --at 04:30
    """
    from djlib.jobs.scheduler import Time, command_of, cron_lines

    from ._session import Session

    session = Session(workspace)
    here, time = session.workspace, Time.read(session.settings.jobs.at if at is None else at)
    here.logs.mkdir(parents=True, exist_ok=True)  # else the shell cannot even start the line
    _printed(cron_lines(here, command_of(job, here), time), json)


@app.command("systemd")
def systemd(
    job: _Name = "daily", at: _At = None, json: o.Json = False, workspace: o.Workspace = None
) -> None:
    """Print a service and a timer for systemd; nothing is installed.

    Example: djlib jobs systemd retrain
    """
    from djlib.jobs.scheduler import Time, command_of, systemd_units

    from ._session import Session

    session = Session(workspace)
    time = Time.read(session.settings.jobs.at if at is None else at)
    _printed(systemd_units(job, command_of(job, session.workspace), time), json)


def _printed(lines: str, json: bool) -> None:
    from ._session import print_json

    if json:
        print_json({"lines": lines.splitlines()})
    else:
        typer.echo(lines)
