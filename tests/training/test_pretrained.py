"""The published weights land where they belong."""

from __future__ import annotations

import pytest
import timm
import torch

from tagger.errors import ConfigError
from training.pretrained import _published, imagenet, origin


def test_features_equal_those_of_the_published_network() -> None:
    theirs = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()  # ends in features
    published = list(_published("efficientnet_lite0").values())[:-2]
    theirs.load_state_dict(dict(zip(theirs.state_dict(), published, strict=True)))
    ours = imagenet("efficientnet_lite0", 3).eval()
    photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode():
        torch.testing.assert_close(ours.features(photos), theirs(photos))


def test_the_weights_licence_is_known() -> None:
    assert origin("efficientnet_lite0")["licence"] == "Apache-2.0"


def test_a_network_without_a_package_is_an_error_that_names_the_choices() -> None:
    with pytest.raises(ConfigError, match="efficientnet_lite0"):
        imagenet("efficientnet_lite2", 3)
