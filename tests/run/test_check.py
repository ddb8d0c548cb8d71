"""What `check` refuses before anything is trained."""

import numpy as np
import pytest

import outcrop
from outcrop.errors import DataError
from synthetic_wells import WELLS, las, run_file, well


def test_a_validation_part_without_labels_is_refused(tmp_path):
    (tmp_path / "wells").mkdir()
    for number, name in enumerate(WELLS[:3]):
        curves = well(number)
        if number:
            curves["FACIES"] = np.full_like(curves["FACIES"], np.nan)
        else:
            curves["FACIES"][100:200] = np.nan
        las(tmp_path / "wells" / f"{name}.las", curves, name=name)
    changes = {'new = "well"\ntest = ["Alpha-2", "Delta-1"]': 'later = "1100"\nvalidation_from = "1060"'}
    with pytest.raises(DataError, match="no label, so training would not know when to stop"):
        outcrop.check(run_file(tmp_path, replace=changes))
