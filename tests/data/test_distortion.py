from __future__ import annotations

import torch

from emnesy.data.distortion import Distortion
from emnesy.data.nets import bn_cnn, lenet


def test_identity_outside_of_training():
    images = torch.rand(4, 1, 28, 28)
    assert torch.equal(Distortion(0.1).eval()(images), images)
    assert torch.equal(Distortion(0.0).train()(images), images)


def test_small_changes_of_every_image():
    layer = Distortion(0.1).train()
    image = torch.zeros(1, 1, 28, 28)
    image[..., 10:18, 12:16] = 1.0
    torch.manual_seed(3)
    changed = layer(image.expand(64, -1, -1, -1))
    assert changed.shape == (64, 1, 28, 28)
    assert len(changed.flatten(1).unique(dim=0)) == 64
    torch.manual_seed(3)
    assert torch.equal(changed, layer(image.expand(64, -1, -1, -1)))
    # As bright as before but for the stretching, and not far away.
    ink = changed.sum(dim=(1, 2, 3)) / image.sum()
    assert 0.8 < float(ink.median()) < 1.25
    rows = torch.arange(28.0)
    centre = (changed.sum(dim=(1, 3)) * rows).sum(dim=1) / changed.sum(dim=(1, 2, 3))
    assert abs(float(centre.mean()) - 13.5) < 0.8
    assert 0.5 < float(centre.std()) < 2.5  # 0.1 half-sides are 1.4 pixels


def test_the_edge_is_continued():
    grey = torch.full((8, 1, 28, 28), -0.4)
    assert torch.allclose(Distortion(0.3).train()(grey), grey, atol=1e-5)


def test_networks_take_it_as_an_option():
    for make in (lenet, bn_cnn):
        network = make(outputs=4, distortion=0.1)
        plain = make(outputs=4)
        assert network(torch.rand(3, 1, 28, 28)).shape == (3, 4)
        count = sum(p.numel() for p in network.parameters())
        assert count == sum(p.numel() for p in plain.parameters())
