"""From one ``schema`` entry of an ODCS document to properties and clauses."""

import re
from collections.abc import Iterator
from typing import Any

from dqm_assets.quality.contracts.clause import Clause, Note, Refusal, Severity
from dqm_assets.quality.contracts.conditions.base import Condition
from dqm_assets.quality.contracts.conditions.each_item import EachItem
from dqm_assets.quality.contracts.conditions.membership import OneOf, written
from dqm_assets.quality.contracts.conditions.presence import NotNull, OfType
from dqm_assets.quality.contracts.conditions.temporal_format import strptime_format
from dqm_assets.quality.contracts.conditions.text_format import Parsed
from dqm_assets.quality.contracts.document import Document, Steps, dotted
from dqm_assets.quality.contracts.engine_choice import engine_of
from dqm_assets.quality.contracts.measure import DuplicateRows, FailingRows, Measure, MissingColumn
from dqm_assets.quality.contracts.options import option_outcome
from dqm_assets.quality.contracts.problem import Problem, nearest
from dqm_assets.quality.contracts.property import Property
from dqm_assets.quality.contracts.quality_rule import Counted, Documentation, Mistake, read_rule
from dqm_assets.quality.contracts.relationship import read_relationship
from dqm_assets.quality.contracts.threshold import NONE_FAILING, Threshold

#: Words that rules use for severity, and the three that Dagster and alerts know.
SEVERITIES: dict[str, Severity] = {
    "critical": "error", "fatal": "error", "blocker": "error", "high": "error", "error": "error",
    "major": "error", "medium": "warning", "warning": "warning", "warn": "warning", "minor": "warning",
    "low": "info", "info": "info", "information": "info",
}  # fmt: skip
#: Dimension of what a property itself states.
_DIMENSIONS = {
    "required": "completeness", "unique": "uniqueness", "primaryKey": "uniqueness", "type": "conformity",
    "column": "completeness", "enum": "conformity", "relationship": "consistency", "minimum": "accuracy",
    "maximum": "accuracy", "exclusiveMinimum": "accuracy", "exclusiveMaximum": "accuracy",
    "multipleOf": "accuracy",
}  # fmt: skip
Entry = dict[str, Any]


class Compiler:
    """Collects what one schema entry says; read the results off its lists."""

    def __init__(self, document: Document, index: int) -> None:
        self._document = document
        self._root: Steps = ("schema", index)
        self._entry: Entry = document.data["schema"][index]
        self._ids: set[str] = set()
        self.properties: list[Property] = []
        #: Fields inside of columns.
        self.nested: list[Property] = []
        self.clauses: list[Clause] = []
        self.refusals: list[Refusal] = []
        self.notes: list[Note] = []
        self.problems: list[Problem] = []
        self._entries = [
            (prop, (*self._root, "properties", position))
            for position, prop in enumerate(self._entry.get("properties") or [])
        ]
        self._names = _names(prop for prop, _ in self._entries)

    def compile(self) -> None:
        """Compile the entry: its columns, its key, its rules, its relationships."""
        self._unique_names()
        for prop, steps in self._entries:
            if prop.get("semanticType", "column") != "column":
                self._note(
                    steps,
                    f"{prop['semanticType']} {prop['name']}",
                    "documentation: it is no column of the data",
                )
                continue
            self._property(prop, steps)
        self._primary_key()
        self._rules(self._entry, self._root, "")
        self._relationships(self._entry, self._root, "")

    # What a property states about itself.

    def _property(self, entry: Entry, steps: Steps) -> None:
        logical_type = entry.get("logicalType")
        options = entry.get("logicalTypeOptions") or {}
        key = bool(entry.get("primaryKey"))
        column = str(entry.get("physicalName") or entry["name"])
        self.properties.append(
            Property(
                name=column,
                label=str(entry["name"]),
                logical_type=logical_type,
                required=bool(entry.get("required")) or key,
                unique=bool(entry.get("unique")),
                key_position=self._key_position(entry),
                classification=str(entry.get("classification") or ""),
                description=str(entry.get("description") or ""),
                allowed=tuple(written(v["value"]) for v in entry.get("enum") or ()),
                strptime=_own_format(logical_type, options),
                options=options,
            )
        )
        self._add(steps, "column", column, MissingColumn(column), f"the column {column} is there")
        if logical_type:
            self._condition((*steps, "logicalType"), "type", column, OfType(logical_type))
        if entry.get("required") or key:
            self._condition(
                (*steps, "required" if entry.get("required") else "primaryKey"), "required", column, NotNull()
            )
        if entry.get("unique"):
            self._add(
                (*steps, "unique"), "unique", column, DuplicateRows((column,)), f"{column} has no duplicates"
            )
        if entry.get("enum"):
            allowed = tuple(value["value"] for value in entry["enum"])
            self._condition((*steps, "enum"), "enum", column, OneOf(allowed))
        self._options(options, str(logical_type or ""), (*steps, "logicalTypeOptions"), column)
        self._rules(entry, steps, column)
        self._relationships(entry, steps, column)
        self._inside(entry, steps, (column,))

    def _options(self, options: Entry, logical_type: str, steps: Steps, column: str) -> None:
        for name, value in options.items():
            place = (*steps, name)
            if not logical_type:
                self._refuse(place, f"{column}: {name}", "the property has no logicalType to apply it to")
                continue
            outcome = option_outcome(name, value, logical_type, options)
            if outcome.mistake:
                self._mistake(place, outcome.mistake)
            if outcome.refusal:
                self._refuse(place, f"{column}: {name} {value}", outcome.refusal)
            if outcome.note:
                self._note(place, f"{column}: {name} {value}", outcome.note)
            for condition in outcome.conditions:
                self._condition(place, name, column, condition)
        for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
            if low in options and high in options and str(options[low]) != str(options[high]):
                self._ordered((*steps, low), low, options[low], high, options[high])

    def _ordered(self, steps: Steps, low: str, minimum: Any, high: str, maximum: Any) -> None:
        if isinstance(minimum, int | float) and isinstance(maximum, int | float) and minimum > maximum:
            self._mistake(steps, f"{low} {minimum} is above {high} {maximum}: no value can satisfy both")

    # What stands inside a column.

    def _inside(self, entry: Entry, steps: Steps, path: tuple[str, ...]) -> None:
        """Compile the fields of an object and the items of a list; other nesting is refused by name."""
        if entry.get("map"):
            what = f"{'.'.join(path)}: map"
            self._refuse((*steps, "map"), what, "the keys and values of a map are not enforced")
        for position, field in enumerate(entry.get("properties") or []):
            self._field(field, (*steps, "properties", position), (*path, str(field["name"])))
        if entry.get("items"):
            self._items(entry["items"], (*steps, "items"), ".".join(path))

    def _field(self, entry: Entry, steps: Steps, path: tuple[str, ...]) -> None:
        name, logical_type = ".".join(path), entry.get("logicalType")
        options = entry.get("logicalTypeOptions") or {}
        required, allowed = bool(entry.get("required")), entry.get("enum") or ()
        self.nested.append(
            Property(
                name=name,
                label=name,
                logical_type=logical_type,
                required=required,
                classification=str(entry.get("classification") or ""),
                allowed=tuple(written(value["value"]) for value in allowed),
                strptime=_own_format(logical_type, options),
                options=options,
                within=path,
            )
        )
        if logical_type:
            self._condition((*steps, "logicalType"), "type", name, OfType(logical_type))
        if required:
            self._condition((*steps, "required"), "required", name, NotNull())
        if entry.get("unique"):
            text = f"{name} has no duplicates"
            self._add((*steps, "unique"), "unique", name, DuplicateRows((name,)), text)
        if allowed:
            condition = OneOf(tuple(value["value"] for value in allowed))
            self._condition((*steps, "enum"), "enum", name, condition)
        self._options(options, str(logical_type or ""), (*steps, "logicalTypeOptions"), name)
        self._rules(entry, steps, name)
        self._relationships(entry, steps, name)
        self._inside(entry, steps, path)

    def _items(self, entry: Entry, steps: Steps, name: str) -> None:
        """Compile what holds for each item of a list."""
        logical_type = entry.get("logicalType")
        options = entry.get("logicalTypeOptions") or {}
        conditions: list[tuple[Steps, str, Condition | Parsed]] = []
        if logical_type in {"object", "array", "map", "vector"} or entry.get("properties"):
            self._refuse(steps, f"{name}: items", "items that are nested themselves are not enforced")
            return
        if logical_type:
            conditions.append(((*steps, "logicalType"), "type", OfType(logical_type)))
        if entry.get("required"):
            conditions.append(((*steps, "required"), "required", NotNull()))
        if entry.get("enum"):
            allowed = tuple(value["value"] for value in entry["enum"])
            conditions.append(((*steps, "enum"), "enum", OneOf(allowed)))
        for option, value in options.items():
            place = (*steps, "logicalTypeOptions", option)
            outcome = option_outcome(option, value, str(logical_type or ""), options)
            conditions += [(place, option, condition) for condition in outcome.conditions]
            if outcome.mistake:
                self._mistake(place, outcome.mistake)
            if outcome.refusal:
                self._refuse(place, f"{name}: items: {option} {value}", outcome.refusal)
            if outcome.note:
                self._note(place, f"{name}: items: {option} {value}", outcome.note)
        for place, kind, condition in conditions:
            if engine_of(FailingRows(name, condition)) != "duckdb" or isinstance(condition, Parsed):
                self._refuse(
                    place, f"{name}: items: {kind}", "only SQL is asked about items, which cannot tell"
                )
                continue
            nulls = isinstance(condition, NotNull)
            self._condition(place, f"items_{kind}", name, EachItem(condition, logical_type, nulls))
        for position, rule in enumerate(entry.get("quality") or []):
            title = str(rule.get("name") or rule.get("metric") or rule.get("type") or "rule")
            place = (*steps, "quality", position)
            self._refuse(
                place, f"{name}: items: {title}", "quality rules about single items are not enforced"
            )

    # The primary key over all properties.

    def _key_position(self, entry: Entry) -> int:
        if not entry.get("primaryKey"):
            return 0
        given = entry.get("primaryKeyPosition", -1)
        return given if given > 0 else len(self.properties) + 1

    def _primary_key(self) -> None:
        parts = sorted((prop.key_position, prop.name) for prop in self.properties if prop.key_position)
        positions = [position for position, _ in parts]
        if len(set(positions)) < len(positions):
            self._mistake(
                self._root,
                f"primaryKeyPosition is given twice ({positions}); number the key's columns 1, 2, …",
            )
        if parts:
            columns = tuple(name for _, name in parts)
            steps = next((*steps, "primaryKey") for prop, steps in self._entries if prop.get("primaryKey"))
            text = f"({', '.join(columns)}) has no duplicates"
            self._add(
                steps, "primaryKey", columns[0] if len(columns) == 1 else "", DuplicateRows(columns), text
            )

    def _unique_names(self) -> None:
        seen: set[str] = set()
        for prop, steps in self._entries:
            column = str(prop.get("physicalName") or prop["name"])
            if column in seen:
                self._mistake((*steps, "name"), f"the column {column!r} is described twice; keep one")
            seen.add(column)

    # Rules and relationships, at both levels.

    def _rules(self, entry: Entry, steps: Steps, column: str) -> None:
        for position, rule in enumerate(entry.get("quality") or []):
            place = (*steps, "quality", position)
            reading = read_rule(rule, column, self._names)
            title = str(
                rule.get("name")
                or rule.get("description")
                or rule.get("metric")
                or rule.get("type")
                or "rule"
            )
            if isinstance(reading, Mistake):
                self._mistake(place, reading.message)
            elif isinstance(reading, Documentation):
                self._note(place, title, "documentation")
            elif isinstance(reading, Counted):
                self._counted(rule, reading, place, column)
            else:
                self._refuse(place, title, reading.reason)

    def _counted(self, rule: Entry, reading: Counted, steps: Steps, column: str) -> None:
        given = str(rule.get("severity") or "error")
        if given.casefold() not in SEVERITIES:
            known = sorted(SEVERITIES)
            self._mistake((*steps, "severity"), f"severity: {given!r} is not known{nearest(given, known)}")
            return
        subject = column or str(self._entry["name"])
        meaning = f" ({rule['description']})" if rule.get("description") else ""
        what = f"{reading.metric} of {subject} {reading.threshold}{meaning}"
        name = str(rule.get("id") or rule.get("name") or reading.metric)
        self._add(
            steps, reading.metric, column, reading.measure, what,
            name=name, severity=SEVERITIES[given.casefold()], dimension=reading.dimension,
            threshold=reading.threshold,
        )  # fmt: skip

    def _relationships(self, entry: Entry, steps: Steps, column: str) -> None:
        for position, relation in enumerate(entry.get("relationships") or []):
            place = (*steps, "relationships", position)
            source = relation.get("from") if not column else None
            try:
                orphans = read_relationship(
                    source, relation["to"], str(self._entry["name"]), self._names, column
                )
            except ValueError as error:
                self._mistake(place, str(error))
                continue
            target = ", ".join(f"{orphans.target}.{name}" for name in orphans.target_columns)
            what = f"({', '.join(orphans.columns)}) is found in {target}"
            name = str(relation.get("id") or f"in_{orphans.target}")
            self._add(place, "relationship", column, orphans, what, name=name)

    # Collecting.

    def _condition(self, steps: Steps, kind: str, column: str, condition: Condition | Parsed) -> None:
        self._add(steps, kind, column, FailingRows(column, condition), f"{column} {condition}")

    def _add(
        self, steps: Steps, kind: str, column: str, measure: Measure, description: str, *,
        name: str = "", severity: Severity = "error", dimension: str = "",
        threshold: Threshold = NONE_FAILING,
    ) -> None:  # fmt: skip
        self.clauses.append(
            Clause(
                id=self._fresh_id(f"{column}__{name or kind}" if column else name or kind),
                path=dotted(steps),
                line=self._document.position(steps)[0],
                kind=kind,
                column=column,
                severity=severity,
                dimension=dimension or _DIMENSIONS.get(kind, "conformity"),
                description=description,
                engine=engine_of(measure),
                measure=measure,
                threshold=threshold,
            )
        )

    def _fresh_id(self, wanted: str) -> str:
        base = re.sub(r"[^A-Za-z0-9_]+", "_", wanted).strip("_") or "clause"
        found, number = base, 2
        while found in self._ids:
            found, number = f"{base}_{number}", number + 1
        self._ids.add(found)
        return found

    def _mistake(self, steps: Steps, message: str) -> None:
        line, column = self._document.position(steps)
        self.problems.append(Problem(line, column, dotted(steps), message, file=self._document.file))

    def _refuse(self, steps: Steps, what: str, reason: str) -> None:
        line, column = self._document.position(steps)
        self.refusals.append(Refusal(dotted(steps), line, column, what, reason))

    def _note(self, steps: Steps, what: str, carried_by: str) -> None:
        self.notes.append(Note(dotted(steps), self._document.position(steps)[0], what, carried_by))


def _names(properties: Iterator[Entry]) -> dict[str, str]:
    """Map the names and ids that references use to names in the data."""
    found: dict[str, str] = {}
    for prop in properties:
        column = str(prop.get("physicalName") or prop["name"])
        found[str(prop["name"])] = column
        if prop.get("id"):
            found.setdefault(str(prop["id"]), column)
    return found


def _own_format(logical_type: str | None, options: Entry) -> str | None:
    if logical_type not in {"date", "timestamp", "time"} or "format" not in options:
        return None
    try:
        return strptime_format(str(options["format"]))
    except ValueError:
        return None
