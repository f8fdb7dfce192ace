from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2c2 import proposals
from s2c2.errors import UserError
from s2c2.runs import open_run
from s2c2.web.starting import display_order, plain_group, proposed_groups
from tests.web.made import dataset_folder, run_folder


@given(st.lists(st.booleans(), max_size=60), st.integers(2, 8))
def test_the_order_of_display_holds_each_image_once(extreme: list[bool], every: int) -> None:
    flags = np.array(extreme, dtype=bool)
    order = display_order(flags, every)
    assert sorted(order.tolist()) == list(range(len(flags)))
    for place in range(every - 1, len(flags), every):
        if place // every < flags.sum():
            assert flags[order[place]]
    typical = [image for image in order if not flags[image]]
    assert typical == sorted(typical)


def test_proposals_are_made_when_nobody_wrote_them(tmp_path: Path) -> None:
    run = open_run(run_folder(tmp_path / "run", dataset_folder(tmp_path / "data")))
    images = run.predictions().images
    made = proposed_groups(run, images)
    proposals.write(proposals.propose(run.predictions()), run.path / "proposals.parquet")
    assert proposed_groups(run, images) == made
    assert sorted(image for group in made for image in group.images) == list(range(60))


def test_proposals_of_other_images_are_refused(tmp_path: Path) -> None:
    run = open_run(run_folder(tmp_path / "run", dataset_folder(tmp_path / "data")))
    with pytest.raises(UserError, match="s2c2 propose"):
        proposed_groups(run, run.predictions().images[1:])
    pl.DataFrame({"a": [1]}).write_parquet(run.path / "proposals.parquet")
    with pytest.raises(UserError, match="not a proposals file"):
        proposed_groups(run, run.predictions().images)


def test_the_plain_group_holds_all_images_in_their_order() -> None:
    group = plain_group(3)
    assert (group.group, group.kind, group.images, group.distribution) == ("all", "plain", (0, 1, 2), None)
