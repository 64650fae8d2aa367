from dataclasses import dataclass

import pytest

from dqm_assets.quality.category_drift import category_changes
from dqm_assets.quality.contracts.contract_drift import contract_changes
from dqm_assets.quality.drift import SeenColumn, schema_changes
from dqm_assets.quality.name_similarity import name_similarity
from dqm_assets.quality.value_similarity import value_similarity
from tests.unit.quality.contracts.making import contract


@dataclass(frozen=True)
class Values:
    """A column profile of which only what similarity needs is known."""

    kind: str
    numbers: tuple[float, ...] = ()
    top: tuple[tuple[str, int, int], ...] = ()

    def quantile(self, q: float) -> float:
        return self.numbers[round(q * (len(self.numbers) - 1))]

    def top_k(self) -> tuple[tuple[str, int, int], ...]:
        return self.top


def columns(*specs: str) -> list[SeenColumn]:
    return [SeenColumn(*spec.split(":")) for spec in specs]


def told(
    before: list[SeenColumn], after: list[SeenColumn], **values: object
) -> list[tuple[str, str, str, str]]:
    return [(c.kind, c.column, c.before, c.after) for c in schema_changes(before, after, **values)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["a:int64"], ["a:int64"], []),
        (["a:int64"], ["a:int64", "b:string"], [("added", "b", "", "string")]),
        (["a:int64", "xyz:string"], ["a:int64"], [("removed", "xyz", "string", "")]),
        (["a:int64"], ["a:string"], [("retyped", "a", "int64", "string")]),
        (["a:int64"], ["a:double"], [("widened", "a", "int64", "double")]),
        (["a:int32"], ["a:int64"], [("widened", "a", "int32", "int64")]),
        (["a:double"], ["a:int64"], [("retyped", "a", "double", "int64")]),
        (["a:int64"], ["a:int16"], [("retyped", "a", "int64", "int16")]),
        (["a:null"], ["a:string"], []),
        (["a:string"], ["a:null"], []),
        (["a:timestamp[us, tz=UTC]"], ["a:timestamp[ms, tz=UTC]"], []),
        (["a:int64", "b:int64"], ["b:int64", "a:int64"], [("reordered", "", "a, b", "b, a")]),
        (["Latitude:double"], ["Lat:double"], [("renamed", "Lat", "Latitude", "Lat")]),
        (
            ["Latitude:double"],
            ["Lat:string"],
            [("removed", "Latitude", "double", ""), ("added", "Lat", "", "string")],
        ),
        (
            ["price:double"],
            ["weight:double"],
            [("removed", "price", "double", ""), ("added", "weight", "", "double")],
        ),
    ],
)
def test_each_kind_of_change_is_named(before: list[str], after: list[str], expected: list) -> None:
    assert told(columns(*before), columns(*after)) == expected


def test_a_new_spelling_of_a_normalised_name_is_a_rename() -> None:
    before = [SeenColumn("province_state", "string", "Province/State")]
    after = [SeenColumn("province_state", "string", "Province_State")]
    assert told(before, after) == [("renamed", "province_state", "Province/State", "Province_State")]


def test_nullability_is_compared_when_both_sides_know_it() -> None:
    before, after = [SeenColumn("a", "int64", nullable=False)], [SeenColumn("a", "int64", nullable=True)]
    (change,) = schema_changes(before, after)
    assert (change.kind, change.breaking) == ("nullability", True)
    assert schema_changes(after, before)[0].breaking is False
    assert schema_changes(before, [SeenColumn("a", "int64")]) == []


def test_values_confirm_a_rename_that_names_alone_would_not_propose() -> None:
    before, after = columns("temp_c:double"), columns("temperature:double")
    weak_before, weak_after = columns("reading:double"), columns("measure:double")
    same = Values("number", (1.0, 2.0, 3.0, 4.0, 5.0))
    assert told(weak_before, weak_after)[0][0] == "removed"
    confirmed = {"values_before": {"temp_c": same}, "values_after": {"temperature": same}}
    assert told(before, after, **confirmed)[0][0] == "renamed"


def test_values_that_have_nothing_in_common_speak_against_a_rename() -> None:
    before, after = columns("order_id:string"), columns("order_ip:string")
    assert told(before, after)[0][0] == "renamed"
    unlike = {
        "values_before": {"order_id": Values("string", top=(("A1", 9, 0),))},
        "values_after": {"order_ip": Values("string", top=(("1.2.3.4", 9, 0),))},
    }
    assert [change[0] for change in told(before, after, **unlike)] == ["removed", "added"]


def test_alike_values_propose_a_rename_whatever_the_names_unless_they_are_all_the_same() -> None:
    before, after = columns("temperature:double"), columns("celsius:double")
    spread, flat = Values("number", (1.0, 2.0, 3.0, 4.0, 5.0)), Values("number", (0.0,) * 5)
    for values, expected in ((spread, ["renamed"]), (flat, ["removed", "added"])):
        known = {"values_before": {"temperature": values}, "values_after": {"celsius": values}}
        assert [change[0] for change in told(before, after, **known)] == expected
    texts = Values("string", top=(("new", 5, 0), ("paid", 4, 0)))
    known = {"values_before": {"state": texts}, "values_after": {"phase": texts}}
    assert told(columns("state:string"), columns("phase:string"), **known)[0][0] == "renamed"


def test_a_name_that_is_only_abbreviated_stands_though_the_values_changed() -> None:
    known = {
        "values_before": {"Latitude": Values("number", (1.0, 2.0, 3.0, 4.0, 5.0))},
        "values_after": {"Lat": Values("number", (51.0, 52.0, 53.0, 54.0, 55.0))},
    }
    assert told(columns("Latitude:double"), columns("Lat:double"), **known)[0][0] == "renamed"


def test_the_published_schema_change_of_the_covid_reports_is_read_as_renames() -> None:
    # The header that the reports got on 22 March 2020; the copy in the test data keeps the older one.
    before = "Province/State,Country/Region,Last Update,Confirmed,Deaths,Recovered,Latitude,Longitude"
    after = (
        "FIPS,Admin2,Province_State,Country_Region,Last_Update,Lat,Long_,"
        "Confirmed,Deaths,Recovered,Active,Combined_Key"
    )
    found = schema_changes(columns(*before.split(",")), columns(*after.split(",")))
    assert {(c.before, c.after) for c in found if c.kind == "renamed"} == {
        ("Province/State", "Province_State"),
        ("Country/Region", "Country_Region"),
        ("Last Update", "Last_Update"),
        ("Latitude", "Lat"),
        ("Longitude", "Long_"),
    }
    assert {c.column for c in found if c.kind == "added"} == {"FIPS", "Admin2", "Active", "Combined_Key"}


def test_a_contract_is_compared_without_minding_the_order() -> None:
    stated = contract("""
        schema:
          - name: t
            properties: [{name: a, logicalType: integer}, {name: b, logicalType: string}]
    """)
    assert contract_changes(stated, columns("b:string", "a:int64")) == []
    found = contract_changes(stated, columns("a:string", "c:int64"))
    assert {(c.kind, c.column) for c in found} == {("retyped", "a"), ("removed", "b"), ("added", "c")}


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ("Province/State", "province_state", 1, 1),
        ("countryCode", "country code", 1, 1),
        ("Latitude", "Lat", 0.9, 0.9),
        ("Longitude", "Long_", 0.9, 0.9),
        ("Mainland China", "China", 0.85, 0.85),
        ("a", "b", 0, 0),
        ("id", "identity", 0, 0.5),
    ],
)
def test_names_are_as_alike_as_people_find_them(first: str, second: str, low: float, high: float) -> None:
    assert low <= name_similarity(first, second) <= high
    assert name_similarity(first, second) == name_similarity(second, first)


def test_value_similarity_of_kinds_that_differ_is_zero() -> None:
    assert value_similarity(Values("number", (1.0,)), Values("string", top=(("a", 1, 0),))) == 0
    assert value_similarity(Values("number", (2.0, 2.0)), Values("number", (2.0, 2.0))) == 1
    assert value_similarity(Values("number", (2.0, 2.0)), Values("number", (3.0, 3.0))) == 0
    assert value_similarity(Values("string"), Values("string")) == 0


def test_categories_that_vanish_appear_or_change_their_name_are_told_apart() -> None:
    before = {"Mainland China": 30, "US": 10, "Japan": 10}
    assert [
        (c.kind, c.value, c.now) for c in category_changes(before, {"China": 31, "US": 11, "Japan": 9})
    ] == [("renamed", "Mainland China", "China")]
    assert [(c.kind, c.value) for c in category_changes(before, {"Mainland China": 30, "US": 10})] == [
        ("vanished", "Japan")
    ]
    assert [(c.kind, c.value) for c in category_changes(before, before | {"Italy": 25})] == [
        ("appeared", "Italy")
    ]
    assert category_changes(before, {"Mainland China": 25, "US": 12, "Japan": 11, "Nepal": 1}) == []
    assert category_changes({}, {}) == []
