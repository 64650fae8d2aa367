from pathlib import Path

import pytest

from dqm_assets.errors import ContractError
from dqm_assets.quality.contracts import lint, load_contract
from dqm_assets.quality.contracts.document import MAX_BYTES, parse_document, read_document
from dqm_assets.quality.contracts.json_schema import KEYWORDS, odcs_schema
from tests.unit.quality.contracts.making import HEAD, compile_text

_ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "deprecated", "examples", "format"}


def test_the_linter_knows_every_keyword_of_the_standards_schema() -> None:
    used: set[str] = set()

    def collect(node: object, names: bool) -> None:
        if isinstance(node, dict):
            if not names:
                used.update(node)
            for key, value in node.items():
                collect(value, (not names and key in {"properties", "$defs"}) or key == "ServerSource")
        elif isinstance(node, list):
            for value in node:
                collect(value, False)

    schema = odcs_schema()
    servers = schema["$defs"].pop("ServerSource")
    collect(schema, False)
    for server in servers.values():
        collect(server, False)
    schema["$defs"]["ServerSource"] = servers
    assert used - KEYWORDS - _ANNOTATIONS == set()


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("scheme: []", (5, 1), "unknown key 'scheme'; did you mean 'schema'?"),
        ("schema:\n  - name: t\n    properites: []", (7, 5), "did you mean 'properties'?"),
        ("schema:\n  - properties: []", (6, 5), "the key 'name' is missing"),
        (
            "schema:\n  - name: t\n    properties:\n      - name: c\n        logicalType: numbre",
            (9, 9),
            "did you mean 'number'?",
        ),
        (
            "schema:\n  - name: t\n    properties:\n      - name: c\n        required: ja",
            (9, 9),
            "expected boolean",
        ),
        (
            "schema:\n  - name: t\n    properties:\n      - name: c\n        logicalType: number\n"
            "        logicalTypeOptions: {minimun: 3}",
            (10, 30),
            "did you mean 'minimum'?",
        ),
        (
            "schema:\n  - name: t\n    properties:\n      - name: c\n        logicalType: number\n"
            "        logicalTypeOptions: {minimum: 3, maximum: 1}",
            (10, 30),
            "no value can satisfy both",
        ),
        (
            "schema:\n  - name: t\n    properties:\n      - name: c\n        logicalType: string\n"
            "        logicalTypeOptions: {pattern: '['}",
            (10, 30),
            "no regular expression",
        ),
        ("schema:\n  - name: t\n    properties: [{name: c}, {name: c}]", (7, 30), "described twice"),
        ("slaProperties:\n  - property: latency\n    vlaue: 3", (7, 5), "did you mean 'value'?"),
        ("team:\n  nmae: x", (6, 3), "did you mean 'name'?"),
        ("price: {priceAmount: a}", (5, 9), "expected number"),
    ],
)
def test_a_fault_is_found_where_it_stands(text: str, place: tuple[int, int], message: str) -> None:
    _, problems = compile_text(text)
    assert any((p.line, p.column) == place and message in str(p) for p in problems), problems
    assert str(problems[0]).startswith("made.odcs.yaml:")


def test_custom_properties_may_hold_anything() -> None:
    _, problems = compile_text("customProperties:\n  - property: x\n    value: {any: [thing, {at: all}]}\n")
    assert problems == []


def test_an_old_version_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(HEAD.replace("v3.2.0", "v2.2.2"))
    with pytest.raises(ContractError, match=r"old\.yaml:1:1: error: apiVersion v2\.2\.2 is not read"):
        load_contract(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", r":1:\d+: error: broken YAML"),
        ("- 1", r"mapping"),
        ("a: 1\na: 2", r":2:1: error: the key 'a' is given twice"),
        ("a: !!python/object/apply:os.system ['true']", r"error"),
        (
            "".join(
                f"{name}: &{name} [{','.join([item] * 9)}]\n"
                for name, item in zip("abcdef", ["x", "*a", "*b", "*c", "*d", "*e"], strict=True)
            ),
            r"more than 200000 values",
        ),
        ("a: &a\n  b: *a", r"nested deeper|error"),
        ("[" * 3000 + "]" * 3000, r"error"),
    ],
    ids=["broken", "no mapping", "twice", "python tag", "alias bomb", "endless", "deep"],
)
def test_hostile_or_broken_yaml_is_one_clear_line(text: str, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        parse_document(text)


def test_an_unreadable_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        read_document(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    with pytest.raises(ContractError, match="not UTF-8"):
        read_document(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a: [1\nb: 2\n", 2), (b"", 1), (b"a: 1\nb: caf\xe9\n", 2), (b"#" * (MAX_BYTES + 1), 1)],
    ids=["broken", "empty", "latin", "huge"],
)
def test_the_linter_tells_a_file_that_is_no_document_like_any_other_mistake(
    tmp_path: Path, content: bytes, line: int
) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    (problem,) = lint(path)
    assert (problem.severity, problem.line, problem.file) == ("error", line, str(path))
    with pytest.raises(ContractError) as raised:
        load_contract(path)
    assert str(raised.value) == str(problem)


def test_what_is_refused_is_named_as_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        HEAD + "schema:\n  - name: t\n    properties:\n      - name: c\n        quality:\n"
        "          - {type: custom, engine: soda, implementation: x, description: odd}\n"
    )
    (problem,) = lint(path)
    assert (problem.severity, problem.line) == ("warning", 10)
    assert "odd: refused, the engine 'soda' is not known" in problem.message


def test_merge_keys_and_anchors_are_resolved() -> None:
    document = parse_document("base: &b {x: 1, y: 2}\nother:\n  <<: *b\n  y: 3\n")
    assert document.data["other"] == {"x": 1, "y": 3}
