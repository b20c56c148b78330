"""The error tree: what each error is besides a DjlibError, and how a command ends with it."""

from __future__ import annotations

import pytest

from djlib import errors


@pytest.mark.parametrize(
    ("name", "also", "exit_code"),
    [
        ("InputError", ValueError, 1),
        ("FormatError", errors.InputError, 1),
        ("NotFoundError", LookupError, 1),
        ("NotTrainedError", errors.DjlibError, 1),
        ("ModelError", errors.DjlibError, 1),
        ("EmbeddingsMissingError", errors.DjlibError, 1),
        ("UsageError", ValueError, 2),
        ("BusyError", errors.DjlibError, 75),
    ],
)
def test_each_error_is_also_what_callers_expect_and_knows_its_exit_code(
    name: str, also: type[Exception], exit_code: int
) -> None:
    error = getattr(errors, name)

    assert issubclass(error, errors.DjlibError)
    assert issubclass(error, also)
    assert error.exit_code == exit_code


def test_the_tree_in_the_docstring_names_every_error() -> None:
    defined = {name for name in vars(errors) if name.endswith("Error")}

    assert all(name in (errors.__doc__ or "") for name in defined)
