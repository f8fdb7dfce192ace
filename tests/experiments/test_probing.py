import numpy as np
import pytest

from s2c2.config import PredictConfig
from s2c2.errors import UserError
from s2c2.experiments.probing import Known, require, unlearned

CLASSES = ("cat", "dog", "owl")
HEADS = ("classes", "clusters", "ambiguity")


def known(*labels: int) -> Known:
    """Labeled images, each with one vote for a class."""
    rows = np.arange(len(labels))
    return Known(rows, np.eye(3)[list(labels)], np.full(len(labels), np.nan), rows)


@pytest.mark.parametrize("classes", ["probe", "spread"])
def test_a_probe_of_one_class_is_refused_before_training(classes: str) -> None:
    options = PredictConfig.model_validate({"classes": classes})
    with pytest.raises(UserError, match="all labels of the labeled images are 'owl'"):
        require(options, known(2, 2), CLASSES, HEADS)
    require(options, known(2, 0), CLASSES, HEADS)
    require(PredictConfig(), known(2, 2), CLASSES, HEADS)


def test_a_class_without_a_label_is_named() -> None:
    (text,) = unlearned(known(0, 2, 0), CLASSES)
    assert "no labeled image has the label 'dog'" in text
    assert "data.labels=soft" in text
    assert unlearned(known(2, 1, 0), CLASSES) == []
