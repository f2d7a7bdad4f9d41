"""The published weights land where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
import torchvision

from tagger.core.errors import ConfigError
from training.fit.pretrained import pretrained, published_weights, weights_origin


def test_features_equal_those_of_the_published_network() -> None:
    theirs = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()  # ends in features
    published = list(published_weights("efficientnet_lite0").values())[:-2]
    theirs.load_state_dict(dict(zip(theirs.state_dict(), published, strict=True)))
    ours = pretrained("efficientnet_lite0", 3).eval()
    photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode():
        torch.testing.assert_close(ours.features(photos), theirs(photos))


def test_half_a_network_computes_what_the_published_stages_do_at_half_the_size() -> None:
    whole, half = pretrained("efficientnet_lite0", 3).eval(), pretrained("half_lite0", 3).eval()
    photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode():
        x = torch.nn.functional.avg_pool2d(photos, 2)  # (N, 3, H / 2, W / 2)
        for part in whole.parts[:7]:
            x = part(x)  # (N, C, H', W')
        torch.testing.assert_close(half.features(photos), x.mean((2, 3)))


def test_the_weights_licence_is_known() -> None:
    assert weights_origin("efficientnet_lite0")["licence"] == "Apache-2.0"


@pytest.mark.parametrize("network", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_every_lite_network_has_published_weights_that_fit(network: str) -> None:
    first, again = (pretrained(network, 3).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first if not name.startswith("classifier"))


def test_a_torchvision_network_takes_weights_from_a_file(tmp_path: Path) -> None:
    theirs = torchvision.models.resnet18().eval()
    torch.save(theirs.state_dict(), tmp_path / "resnet18.pth")
    ours = pretrained("torchvision/resnet18", 3, tmp_path / "resnet18.pth").eval()
    theirs.fc = torch.nn.Identity()
    photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode():
        torch.testing.assert_close(ours.features(photos), theirs(photos))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "resnet18.pth")
    for network in ("torchvision/resnet34", "efficientnet_lite0"):
        with pytest.raises(ConfigError, match=f"another network than {network}"):
            pretrained(network, 3, tmp_path / "resnet18.pth")


def test_a_file_of_weights_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_text("no weights")
    for file in (tmp_path / "weights.pth", tmp_path / "none.safetensors"):
        with pytest.raises(ConfigError, match=file.name):
            pretrained("efficientnet_lite0", 3, file)


def test_a_network_without_published_weights_is_an_error_that_names_the_choices() -> None:
    with pytest.raises(ConfigError, match="efficientnet_lite0"):
        pretrained("scratch", 3)
