"""Our networks compute what the published ones do."""

from __future__ import annotations

import pytest
import timm
import torch

from tagger.core.errors import ConfigError
from tagger.model.nets import NETWORKS, Chain, build
from tagger.model.nets.depthwise import depthwise


def _randomised(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights in which every tensor matters: fresh batch norms are all zeros and ones."""
    torch.manual_seed(3)
    state = network.state_dict()
    for name, tensor in state.items():
        if tensor.ndim == 1:
            state[name] = torch.rand_like(tensor) + (0.5 if name.endswith("running_var") else -0.3)
    return state


@pytest.mark.parametrize("name", [name for name in NETWORKS if name.startswith("efficientnet")])
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


@pytest.mark.parametrize("name", [*NETWORKS, "torchvision/resnet18", "torchvision/mobilenet_v3_small"])
def test_every_network_ends_in_a_classifier_on_its_features(name: str) -> None:
    network = build(name, 7).eval()
    photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode():
        logits = network(photos)
        torch.testing.assert_close(network.classifier(network.features(photos)), logits)
    assert logits.shape == (2, 7)


@pytest.mark.parametrize("name", [*NETWORKS, "torchvision/resnet18", "torchvision/mobilenet_v3_small"])
def test_the_parts_and_the_classifier_hold_every_weight_once(name: str) -> None:
    network = build(name, 7)
    held = [id(p) for part in (*network.parts, network.classifier) for p in part.parameters()]
    assert sorted(held) == sorted(id(p) for p in network.parameters())


@pytest.mark.parametrize("name", ["efficientnet_lite0", "scratch"])
def test_a_chain_goes_on_from_between_any_two_parts(name: str) -> None:
    network = build(name, 7).eval()
    assert isinstance(network, Chain)
    x = photos = torch.randn(2, 3, 64, 64)  # (N, 3, H, W)
    with torch.inference_mode():
        for done, part in enumerate(network.parts, start=1):
            x = part(x)
            torch.testing.assert_close(network.features_from(x, done), network.features(photos))


def test_torchvision_is_asked_for_networks_it_has_and_that_end_in_a_classifier() -> None:
    with pytest.raises(ConfigError, match="torchvision has no network 'resnet19'"):
        build("torchvision/resnet19", 2)
    with pytest.raises(ConfigError, match="no linear layer"):
        build("torchvision/squeezenet1_0", 2)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (5, 1), (3, 2), (5, 2)])
def test_autocast_gradients_of_a_depthwise_convolution_are_the_exact_ones(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    photos = torch.randn(2, 6, 11, 11)  # (N, C, H, W)
    weight = torch.randn(6, 1, kernel, kernel)
    padding = kernel // 2

    def gradients(dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
        inputs = photos.to(dtype).requires_grad_(), weight.clone().requires_grad_()
        depthwise(inputs[0], inputs[1].to(dtype), stride, padding).float().square().sum().backward()  # type: ignore[no-untyped-call]
        return tuple(given.grad.float() for given in inputs if given.grad is not None)

    for half, exact in zip(gradients(torch.bfloat16), gradients(torch.float32), strict=True):
        assert float((half - exact).norm() / exact.norm()) < 0.02
