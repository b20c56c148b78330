"""The errors djlib raises on purpose, and the exit code each one ends a command with.

::

    DjlibError                 1   the work failed; one line says what, where and what to do
    ├── InputError             1   a table or file cannot be used (also a ValueError)
    │   └── FormatError        1   a file is not what its name or content promises
    ├── NotFoundError          1   a file, track, version or bucket that is not there
    ├── NotTrainedError        1   no model yet: train first
    ├── ModelError             1   a stored model is damaged, foreign or from other versions
    ├── EmbeddingsMissingError 1   the sentence model or what runs it is not installed
    ├── UsageError             2   the command or a setting is wrong
    └── BusyError             75   another run holds the workspace

A message names the thing, the value met, what is allowed and the next step, in one line.
"""

from __future__ import annotations

from typing import ClassVar


class DjlibError(Exception):
    """Base of every expected failure; `exit_code` is what a command ends with."""

    exit_code: ClassVar[int] = 1


class InputError(DjlibError, ValueError):
    """A table or a file that cannot be used as it is."""


class FormatError(InputError):
    """A file that is not what its name or its first bytes promise."""


class NotFoundError(DjlibError, LookupError):
    """A file, track, version or bucket that does not exist."""


class NotTrainedError(DjlibError):
    """There is no current model to answer with."""


class ModelError(DjlibError):
    """A stored model that must not be loaded: damaged, edited, foreign or of other versions."""


class EmbeddingsMissingError(DjlibError):
    """The sentence model or the library that runs it is not installed; others go on without."""


class UsageError(DjlibError, ValueError):
    """A command, option or setting that means nothing."""

    exit_code = 2


class BusyError(DjlibError):
    """Another run holds the workspace; try again later."""

    exit_code = 75
