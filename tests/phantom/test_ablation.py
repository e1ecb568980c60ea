from __future__ import annotations

import numpy as np
import pytest

from histo.phantom import make_field
from histo.phantom.ablation import Group, without
from histo.phantom.look import SectionQuality, training_look
from histo.phantom.training_mix import training_spec


@pytest.mark.parametrize("group", Group)
def test_what_is_left_out_is_gone_and_the_rest_stays(group: Group) -> None:
    changed = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        spec, look = training_spec(rng), training_look(rng)
        less, plainer = without(group, spec, look, rng)
        changed += (less, plainer) != (spec, look)
        assert (less.pale, less.hyaline, less.myophagocytosis) == (spec.pale, spec.hyaline, spec.myophagocytosis)
        assert (less == spec) == (group is Group.STAINS) or group is not Group.STAINS
        assert group is Group.STAINS or plainer.eosin == look.eosin
        if group is Group.INFILTRATE:
            assert less.lymphocytes_mm2 == less.foci_mm2 == less.sheets_mm2 == less.invaded == 0
        if group is Group.ARTEFACTS:
            assert plainer.section == SectionQuality()
        if group is Group.STRUCTURES:
            assert less.vessels_mm2 == less.fat_mm2 == less.bands_mm2 == 0
    assert changed > 6


def test_a_field_without_a_group_is_another_field_of_the_same_seed() -> None:
    whole, again, plain = make_field(3, 96), make_field(3, 96), make_field(3, 96, Group.STAINS)
    np.testing.assert_array_equal(whole.rgb, again.rgb)
    assert (whole.rgb != plain.rgb).any()
