"""The nearest known name."""

from transport.suggest import suggest


def test_the_nearest_name_whatever_its_capitals():
    known = ("B_hot", "n_hot", "Ma")
    assert suggest("b_hott", known) == " (did you mean 'B_hot'?)"
    assert suggest("MA", known) == " (did you mean 'Ma'?)"
    assert suggest("nothing like it", known) == ""
