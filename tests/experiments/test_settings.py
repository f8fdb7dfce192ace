import pytest

from s2c2.config import assignments
from s2c2.errors import UserError
from s2c2.experiments.settings import settled
from s2c2.relabeling import Budget
from s2c2.simulation import Costs, Crowd


def budget(*pairs: str) -> Budget:
    return settled(Budget(), assignments(pairs).get("budget", {}), "budget")


def test_values_replace_defaults() -> None:
    assert budget() == Budget()
    assert budget("budget.rounds=2", "budget.offset=0") == Budget(rounds=2, offset=0.0)
    assert budget("budget.images=30").images == 30
    assert isinstance(budget("budget.images=0.5").images, float)
    assert budget("budget.costs.alone=3").costs == Costs(alone=3.0)
    assert settled(Crowd(), {"annotators": 2}, "crowd") == Crowd(annotators=2)


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("budget.ofset=1", "did you mean 'budget.offset'"),
        ("budget.costs.alon=1", "did you mean 'budget.costs.alone'"),
        ("budget.rounds=many", "budget.rounds = 'many'"),
        ("budget.rounds=2.5", "budget.rounds = 2.5"),
        ("budget.rounds=true", "budget.rounds = True"),
        ("budget.proposals=1", "budget.proposals = 1"),
        ("budget.costs=3", "budget.costs = 3: set its parts"),
        ("budget.images=lots", "budget.images = 'lots'"),
    ],
)
def test_mistakes_are_named(pair: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        budget(pair)
