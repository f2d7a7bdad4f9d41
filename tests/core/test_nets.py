"""Our networks compute what the published ones do."""

from __future__ import annotations

import pytest
import timm
import torch

from tagger.nets import NETWORKS, build


def _randomised(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights in which every tensor matters: fresh batch norms are all zeros and ones."""
    torch.manual_seed(3)
    state = network.state_dict()
    for name, tensor in state.items():
        if tensor.ndim == 1:
            state[name] = torch.rand_like(tensor) + (0.5 if name.endswith("running_var") else -0.3)
    return state


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size_px", [64, 75])
def test_a_network_gives_the_logits_of_its_published_namesake(name: str, size_px: int) -> None:
    theirs = timm.create_model(f"tf_{name}", num_classes=5).eval()
    ours = build(name, 5).eval()
    weights = _randomised(theirs)
    theirs.load_state_dict(weights)
    ours.load_state_dict(dict(zip(ours.state_dict(), weights.values(), strict=True)))
    photos = torch.randn(2, 3, size_px, size_px)  # (N, 3, H, W)
    with torch.inference_mode():
        torch.testing.assert_close(ours(photos), theirs(photos), rtol=1e-4, atol=1e-4)


def test_features_are_what_the_classifier_sees() -> None:
    network = build("efficientnet_lite0", 7).eval()
    photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode():
        features = network.features(photos)
        assert features.shape == (2, 1280)
        torch.testing.assert_close(network.classifier(features), network(photos))


def test_an_unknown_network_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        build("efficientnet_lite9", 2)
