import pytest
from pydantic import ValidationError

from outcrop.config.view import ViewSection, offsets


def test_a_span_counts_both_ends():
    assert offsets("-5:0") == (-5, -4, -3, -2, -1, 0)
    assert ViewSection(kind="points", context="-2:1").context == "-2:1"


@pytest.mark.parametrize("text", ["all", "0:-5", "-5", "", "1.5:3"])
def test_what_is_no_span_is_refused_with_an_example(text):
    with pytest.raises(ValidationError, match='write "-5:0"'):
        ViewSection(context=text)
