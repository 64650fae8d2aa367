"""The standard's own JSON schema, applied to a document with positions.

A general validator reports `oneOf` and `unevaluatedProperties` failures in terms of the
schema. This one speaks of the contract: which key is unknown and which was meant, which
value is not allowed and which are. It implements the keywords that the ODCS schema uses
(JSON Schema 2019-09, validation and applicator vocabularies); a test keeps the two in step.
"""

import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from dqm_assets.quality.contracts.document import Document, Steps, dotted
from dqm_assets.quality.contracts.problem import Problem, nearest

#: Keywords that carry meaning here; the others of the schema only describe.
KEYWORDS = frozenset({
    "type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "properties", "required",
    "items", "additionalProperties", "unevaluatedProperties", "pattern", "minimum", "exclusiveMinimum",
    "minItems", "maxItems", "uniqueItems",
})  # fmt: skip
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
Schema = dict[str, Any]


@lru_cache(maxsize=1)
def odcs_schema() -> Schema:
    """Return the JSON schema of the standard, as the package ships it.

    One condition is widened: a rule that names its metric by the old key ``rule`` is a library rule too.
    """
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    library = schema["$defs"]["DataQuality"]["allOf"][0]["if"]["anyOf"]
    library.append({"properties": {"rule": {"type": "string"}}, "required": ["rule"]})
    return schema


def schema_problems(document: Document) -> list[Problem]:
    """Return every place where a document departs from the ODCS JSON schema."""
    walk = _Walk(document)
    walk.check(document.data, odcs_schema(), ())
    return sorted(set(walk.problems))


class _Walk:
    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[Problem] = []

    def check(self, value: Any, schema: Schema, steps: Steps) -> None:
        """Collect the problems of one value against one schema and all it refers to."""
        parts = _applicable(schema, value)
        for part in parts:
            self._value(value, part, steps)
        if isinstance(value, dict):
            self._mapping(value, parts, steps)
        elif isinstance(value, list):
            self._list(value, parts, steps)

    def _report(self, steps: Steps, message: str) -> None:
        line, column = self._document.position(steps)
        self.problems.append(Problem(line, column, dotted(steps), message, file=self._document.file))

    def _value(self, value: Any, part: Schema, steps: Steps) -> None:
        name = dotted(steps) or "the contract"
        wrong = _wrong_value(value, part)
        if wrong:
            self._report(steps, f"{name}: {wrong}")
            return
        for keyword in ("anyOf", "oneOf"):
            branches = part.get(keyword)
            if branches and not _chooses(value, branches, keyword):
                self._report(steps, f"{name}: {_choice_message(value, branches)}")
        if "not" in part and _matches(value, part["not"]):
            self._report(
                steps, f"{name}: must not have {', '.join(part['not'].get('required', ['this form']))} here"
            )

    def _mapping(self, value: dict[str, Any], parts: list[Schema], steps: Steps) -> None:
        known: dict[str, list[Schema]] = {}
        for part in parts:
            for key, schema in part.get("properties", {}).items():
                known.setdefault(key, []).append(schema)
        for key in {key: None for part in parts for key in part.get("required", ())}:
            if key not in value and not (key == "metric" and "rule" in value):
                self._report(steps, f"{dotted(steps) or 'the contract'}: the key {key!r} is missing")
        free_form = not known
        for key, item in value.items():
            if key in known:
                for schema in known[key]:
                    self.check(item, schema, (*steps, key))
            elif not free_form:
                self._report((*steps, key), f"unknown key {key!r}{nearest(key, list(known))}")

    def _list(self, value: list[Any], parts: list[Schema], steps: Steps) -> None:
        for part in parts:
            if "items" in part:
                for index, item in enumerate(value):
                    self.check(item, part["items"], (*steps, index))


def _applicable(schema: Schema, value: Any) -> list[Schema]:
    """List the schema and those that `$ref`, `allOf`, `if`/`then` and a fitting branch bring in."""
    parts: list[Schema] = []
    pending = [schema]
    while pending:
        part = pending.pop()
        parts.append(part)
        if "$ref" in part:
            pending.append(_resolve(part["$ref"]))
        pending.extend(part.get("allOf", ()))
        if "if" in part and _condition(value, part["if"]) and "then" in part:
            pending.append(part["then"])
        for keyword in ("anyOf", "oneOf"):
            pending.extend(_branches(value, part.get(keyword, ())))
    return parts


def _branches(value: Any, branches: list[Schema]) -> list[Schema]:
    """Keep the branches that the value takes, so that their keys are known and their faults are named."""
    if not isinstance(value, dict | list) or not branches:
        return []
    matching = [branch for branch in branches if _matches(value, branch)]
    if matching:
        return matching
    meant = _meant(value, branches)
    if meant:
        return [meant]
    return [
        {"properties": {key: {} for key in branch["properties"]}}
        for branch in branches
        if "properties" in branch
    ]


def _meant(value: Any, branches: list[Schema]) -> Schema | None:
    """Return the one branch that the value's type leaves; its own faults say more than "fits none"."""
    typed = [branch for branch in branches if "$ref" in branch or "type" in branch]
    fitting = [branch for branch in typed if _type_fits(value, branch)]
    return fitting[0] if len(fitting) == 1 else None


def _type_fits(value: Any, schema: Schema) -> bool:
    resolved = _resolve(schema["$ref"]) if "$ref" in schema else schema
    return "type" not in resolved or _is_type(value, resolved["type"])


def _resolve(reference: str) -> Schema:
    node: Any = odcs_schema()
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def _condition(value: Any, schema: Schema) -> bool:
    """Decide an `if`. A property it names must be there.

    The standard writes ``if logicalType is map then 'map' is required`` without requiring
    logicalType, which read to the letter asks every property without one for a ``map``.
    """
    if "anyOf" in schema:
        return any(_condition(value, branch) for branch in schema["anyOf"])
    named = schema.get("properties", {})
    return isinstance(value, dict) and all(key in value for key in named) and _matches(value, schema)


def _matches(value: Any, schema: Schema) -> bool:
    """Decide whether a value satisfies a schema, without collecting why not."""
    if "$ref" in schema and not _matches(value, _resolve(schema["$ref"])):
        return False
    if _wrong_value(value, schema):
        return False
    if any(not _matches(value, part) for part in schema.get("allOf", ())):
        return False
    if any(schema.get(k) and not _chooses(value, schema[k], k) for k in ("anyOf", "oneOf")):
        return False
    if isinstance(value, dict):
        if any(key not in value for key in schema.get("required", ())):
            return False
        return all(
            _matches(value[key], part) for key, part in schema.get("properties", {}).items() if key in value
        )
    if isinstance(value, list) and "items" in schema:
        return all(_matches(item, schema["items"]) for item in value)
    return True


def _chooses(value: Any, branches: list[Schema], keyword: str) -> bool:
    if isinstance(value, dict | list) and _meant(value, branches):
        return True
    fitting = sum(_matches(value, branch) for branch in branches)
    return fitting == 1 if keyword == "oneOf" else fitting >= 1


def _choice_message(value: Any, branches: list[Schema]) -> str:
    choices = [key for branch in branches for key in branch.get("required", ())]
    if choices and isinstance(value, dict):
        given = [key for key in choices if key in value]
        if len(given) == 1 and len(choices) == len(branches):
            return f"{given[0]}: {value[given[0]]!r} is not a value that this operator takes"
        if given and len(choices) == len(branches):
            return f"has {' and '.join(given)}; keep one operator in a rule"
        if not given:
            return f"needs one of {', '.join(choices)}"
    if all("description" in branch for branch in branches):
        return "must be: " + "; or ".join(branch["description"] for branch in branches)
    types = [
        str(_resolve(b["$ref"]).get("type", "?")) if "$ref" in b else str(b.get("type", "?"))
        for b in branches
    ]
    return f"{value!r} has not one of the allowed forms ({', '.join(types)})"


def _is_type(value: Any, names: str | list[str]) -> bool:
    names = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in names
    if isinstance(value, float) and value.is_integer() and "integer" in names:
        return True
    return any(isinstance(value, _TYPES[name]) for name in names)


def _wrong_value(value: Any, schema: Schema) -> str | None:
    """Say how a value itself (not what is inside it) breaks a schema."""
    if "type" in schema and not _is_type(value, schema["type"]):
        names = schema["type"] if isinstance(schema["type"], str) else " or ".join(schema["type"])
        return f"{value!r} is {_type_name(value)}, expected {names}"
    if "const" in schema and value != schema["const"]:
        return f"{value!r} must be {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        allowed = list(map(str, schema["enum"]))
        return f"{value!r} is not one of {', '.join(allowed)}{nearest(str(value), allowed)}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        return f"{value!r} does not match {schema['pattern']}"
    if isinstance(value, list):
        return _wrong_size(value, schema)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            return f"{value} is below {schema['minimum']}"
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            return f"{value} is not above {schema['exclusiveMinimum']}"
    return None


def _wrong_size(value: list[Any], schema: Schema) -> str | None:
    if len(value) < schema.get("minItems", 0):
        return f"has {len(value)} items, needs at least {schema['minItems']}"
    if len(value) > schema.get("maxItems", len(value)):
        return f"has {len(value)} items, may have at most {schema['maxItems']}"
    if schema.get("uniqueItems") and len(
        {json.dumps(item, sort_keys=True, default=str) for item in value}
    ) < len(value):
        return "has the same item twice"
    return None


def _type_name(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "a boolean", type(None): "empty"}
    return names.get(type(value), "a number")
