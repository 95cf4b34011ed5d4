"""The catalogue: 9 business types, 81 anomaly types, ordinals that never change, thresholds with their certainty."""

import pytest
from pydantic import ValidationError

from audit.catalogue import Catalogue, catalogue, rows


def test_all_types_of_the_domain_sheet_are_there() -> None:
    given = catalogue()
    counts = {business.code: 0 for business in given.business_types}
    for row in given.anomaly_types:
        counts[row.business_type] += 1
    assert counts == {"YK": 9, "DJ": 13, "CH": 15, "JL": 12, "FQ": 9, "XS": 6, "ZW": 9, "FW": 5, "XX": 3}
    assert sum(counts.values()) == 81


def test_ordinals_are_pinned() -> None:
    """Packed risk chunks hold ordinals: a changed one would turn old points into another type."""
    pinned = {"YK01": 1, "YK09": 9, "DJ01": 10, "DJ13": 22, "CH01": 23, "CH15": 37, "JL01": 38, "JL12": 49}
    pinned |= {"FQ01": 50, "FQ09": 58, "XS01": 59, "XS06": 64, "ZW01": 65, "ZW09": 73}
    pinned |= {"FW01": 74, "XX01": 79, "XX03": 81}
    types = catalogue().by_code
    assert {code: types[code].ordinal for code in pinned} == pinned


def test_names_stand_in_both_languages() -> None:
    for row in (*catalogue().business_types, *catalogue().anomaly_types):
        assert any("\u4e00" <= character <= "\u9fff" for character in row.name_zh), row.code
        assert row.name_en.isascii() or "×" in row.name_en, row.code


def test_levels_and_named_sources_are_those_of_the_sheet() -> None:
    types = catalogue().by_code
    assert [types[code].level for code in ("YK02", "DJ01", "CH08", "JL12", "FQ09", "ZW09")] == [1, 2, 4, 3, 1, 3]
    assert types["CH02"].certainty == "found"
    assert types["XS01"].certainty == "design"  # One proposal among found values makes the rule a proposal.
    assert types["XS01"].thresholds["loss_rate"].certainty == "found"


def test_rows_are_complete_for_each_table() -> None:
    tables = rows(catalogue())
    assert {table: len(given) for table, given in tables.items()} == {
        "business_type": 9,
        "anomaly_type": 81,
        "rule_version": 81,
    }
    late = next(row for row in tables["rule_version"] if row["anomaly_code"] == "YK01")
    assert late["thresholds"]["low_voltage"] == {"value": 3.0, "unit": "working days", "certainty": "unverified"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ordinal": 2}, "ordinal stands more than once: 2"),
        ({"code": "YK02"}, "code stands more than once: YK02"),
        ({"code": "QQ01"}, "no business type for QQ01"),
        ({"level": 5}, "less than or equal to 4"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(change: dict[str, object], said: str) -> None:
    good = catalogue().model_dump()
    good["anomaly_types"] = [{**good["anomaly_types"][0], **change}, *good["anomaly_types"][1:]]
    with pytest.raises(ValidationError, match=said):
        Catalogue.model_validate(good)
