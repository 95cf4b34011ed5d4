"""Association of anomaly types: the measures on a case worked by hand, and what must hold for any findings."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.association import Association, AssociationRule, Occurrence, association_rule, associations

DAY = date(2026, 6, 1)
RULE = association_rule()


def on(key: str, kind: str, after: int = 0) -> Occurrence:
    return Occurrence(key, kind, DAY + timedelta(days=after))


def counted(occurrences: list[Occurrence]) -> tuple[dict[str, int], int]:
    """How many objects have each type, and how many there are."""
    holders = defaultdict(set)
    for one in occurrences:
        holders[one.kind].add(one.object_key)
    return {kind: len(keys) for kind, keys in holders.items()}, len({one.object_key for one in occurrences})


def found(subject: str, occurrences: list[Occurrence], rule: AssociationRule = RULE) -> list[Association]:
    return associations(subject, occurrences, *counted(occurrences), rule)


def test_the_measures_of_a_case_worked_by_hand():
    """20 objects, 5 with theft, 6 with a voltage loss, 5 of them with theft: 5/20, 5/5, and 1 ÷ 6/20."""
    seen = [on(f"T{n}", kind) for n in range(5) for kind in ("theft", "voltage")]
    seen += [on("V", "voltage"), *(on(f"X{n}", "price") for n in range(14))]
    (one,) = found("theft", seen)
    assert (one.support, one.confidence, one.lift) == (Fraction(1, 4), 1, Fraction(10, 3))
    assert one.noteworthy


def test_four_cases_are_not_enough_whatever_the_lift():
    seen = [on(f"T{n}", kind) for n in range(4) for kind in ("theft", "voltage")]
    seen += [on(f"X{n}", "price") for n in range(96)]
    (one,) = found("theft", seen)
    assert one.lift == 25 and not one.noteworthy


def test_a_lift_of_two_is_not_above_two():
    seen = [on(f"T{n}", kind) for n in range(5) for kind in ("theft", "voltage")]
    seen += [on(f"X{n}", "price") for n in range(5)]
    (one,) = found("theft", seen)
    assert one.lift == 2 and not one.noteworthy


@pytest.mark.parametrize(("apart", "cases"), [(90, 1), (91, 0)])
def test_ninety_days_apart_is_together_and_ninety_one_is_not(apart, cases):
    assert len(found("theft", [on("A", "theft"), on("A", "voltage", apart)])) == cases


def test_totals_that_contradict_the_findings_are_refused():
    with pytest.raises(ValueError, match="voltage"):
        associations("theft", [on("A", "theft"), on("A", "voltage")], {"voltage": 0}, 1)


def test_thresholds_are_data_and_say_that_they_are_a_proposal():
    assert (RULE.window_days, RULE.lift_above, RULE.cases_at_least, RULE.certainty) == (90, 2, 5, "design")


findings = st.lists(
    st.builds(on, st.sampled_from(["A", "B", "C", "D", "E"]), st.sampled_from(["k1", "k2", "k3"]), st.integers(0, 400)),
    max_size=40,
)


@settings(deadline=None)
@given(findings, st.randoms(use_true_random=False))
def test_measures_are_bounded_symmetric_and_indifferent_to_order(seen, chance):
    result = found("k1", seen)
    shuffled = list(seen)
    chance.shuffle(shuffled)
    assert found("k1", shuffled) == result
    for one in result:
        assert 0 < one.support <= one.confidence <= 1
        assert one.cases <= min(one.with_subject, one.with_other) <= one.population
        (mirrored,) = [back for back in found(one.kind, seen) if back.kind == "k1"]
        assert (mirrored.lift, mirrored.cases, mirrored.support) == (one.lift, one.cases, one.support)


@settings(deadline=None)
@given(findings, st.integers(0, 200), st.integers(0, 200))
def test_a_wider_window_never_loses_a_case(seen, window, more):
    narrow = {one.kind: one.cases for one in found("k1", seen, RULE.model_copy(update={"window_days": window}))}
    wide = {one.kind: one.cases for one in found("k1", seen, RULE.model_copy(update={"window_days": window + more}))}
    assert all(wide[kind] >= cases for kind, cases in narrow.items())


@settings(deadline=None)
@given(findings)
def test_objects_without_the_subject_change_totals_only(seen):
    """What the database leaves out, the findings of objects that have not the subject, may be left out."""
    holders = {one.object_key for one in seen if one.kind == "k1"}
    own = [one for one in seen if one.object_key in holders]
    assert associations("k1", own, *counted(seen), RULE) == found("k1", seen)


@settings(deadline=None)
@given(findings)
def test_a_finding_of_the_same_day_repeated_changes_nothing(seen):
    assert found("k1", seen + seen) == found("k1", seen)
    assert found("k1", [replace(one) for one in seen]) == found("k1", seen)
