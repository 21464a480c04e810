"""What the figure of bounds on Lipschitz constants must show."""

import numpy as np

from figures.robustness import lipschitz as figure


def test_bounds_lie_on_their_side_of_the_exact_value():
    data = figure.data("draft", np.random.default_rng(0))
    for panel in data:
        *upper, sampled = panel.ratios
        assert (sampled <= 1 + 1e-9).all()
        for values in upper:
            assert not (values < 1 - 1e-9).any()
    product, lipsdp = (list(figure.BOUNDS).index(name) for name in ("product, $\\ell_2$", "LipSDP, $\\ell_2$"))
    assert (data.depth.ratios[product] >= data.depth.ratios[lipsdp] - 1e-6).all()
    assert np.isnan(data.depth.ratios[3, 1:]).all()
    assert (np.diff(data.width.unknowns) > 0).all()
    drawn = figure.draw(data)
    assert [axes.get_ylabel() for axes in drawn.axes] == ["bound / exact", "", "unknowns", ""]
