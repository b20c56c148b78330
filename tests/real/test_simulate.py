"""Games on pools of real people: simple policies find more than chance, as they did elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from djlib import read_table
from djlib.bandit.simulation.episode import SimulationOptions, check_pool
from djlib.bandit.simulation.simulate import Simulator

_KEEPERS = Path(__file__).resolve().parents[3] / "shared" / "data" / "keepers"

pytestmark = pytest.mark.skipif(not _KEEPERS.is_dir(), reason=f"no real data at {_KEEPERS}")


def test_words_find_a_collectors_keepers_far_above_chance() -> None:
    lifts: dict[str, list[float]] = {"random": [], "greedy": []}
    for file in sorted(_KEEPERS.glob("collector_*.csv"))[:3]:
        table = read_table(file, schema="listings", problems=[])
        simulator = Simulator(
            table, check_pool(table, file.name, SimulationOptions()), SimulationOptions()
        )
        for name, found in lifts.items():
            found.append(simulator.run(name, 0).figures.lift)
    assert np.mean(lifts["greedy"]) > 3
    assert np.mean(lifts["random"]) < 2
