"""What an estimator documents as its parameters is what its constructor takes."""

from __future__ import annotations

import inspect
import re

import pytest

from djlib import ContrastiveBandit
from djlib.bandit.contrastive.policy import ContrastivePolicy
from djlib.bandit.gaussian_process.policy import GaussianProcessPolicy
from djlib.opportunities.ranker import OpportunityRanker


@pytest.mark.parametrize(
    "estimator", [ContrastiveBandit, GaussianProcessPolicy, ContrastivePolicy, OpportunityRanker]
)
def test_documented_parameters_are_those_of_the_constructor(estimator: type) -> None:
    doc = inspect.getdoc(estimator) or ""
    section = doc.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    documented = re.findall(r"^(\w+) : ((?:.|\n )+)$", section, re.MULTILINE)
    given = inspect.signature(estimator).parameters
    assert [name for name, _ in documented] == list(given)
    for name, text in documented:
        assert f"(default {given[name].default}".replace("'", "") in text.replace('"', ""), name
