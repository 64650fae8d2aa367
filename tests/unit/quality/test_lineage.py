from hypothesis import given
from hypothesis import strategies as st

from dqm_assets.quality.lineage import Lineage

EDGES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=15)


@given(EDGES)
def test_edges_make_the_same_lineage_again(edges: list[tuple[str, str]]) -> None:
    lineage = Lineage.of_edges(edges)
    assert lineage.edges == tuple(sorted(set(edges)))
    assert Lineage.of_edges(lineage.edges).edges == lineage.edges


@given(EDGES, st.sampled_from("abcdef"), st.sampled_from("abcdef"))
def test_descendants_are_ancestors_seen_from_the_other_end(
    edges: list[tuple[str, str]], one: str, other: str
) -> None:
    lineage = Lineage.of_edges(edges)
    assert (other in lineage.ancestors([one])) == (one in lineage.descendants([other]))
    assert one not in lineage.ancestors([one])


def test_ancestors_are_all_that_lie_above() -> None:
    lineage = Lineage({"report": {"mart", "users"}, "mart": {"orders"}})
    assert lineage.ancestors(["report"]) == {"mart", "users", "orders"}
    assert lineage.descendants(["orders"]) == {"mart", "report"}
    assert lineage.ancestors(["unknown"]) == frozenset()
