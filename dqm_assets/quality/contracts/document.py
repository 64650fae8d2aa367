"""A YAML contract as plain data that remembers the line and column of every key and value."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dqm_assets.errors import ContractError
from dqm_assets.quality.contracts.problem import Problem

#: Bounds that keep a hostile file (aliases of aliases, deep nesting) from exhausting memory.
MAX_BYTES, MAX_NODES, MAX_DEPTH = 4 * 1024 * 1024, 200_000, 50

#: Steps from the root: mapping keys and list positions.
Steps = tuple[str | int, ...]


class BrokenDocumentError(ContractError):
    """What a file holds is no contract document at all; ``problem`` says where and why."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        self.problem = Problem(line, column, "", message, file=file)
        super().__init__(str(self.problem))


@dataclass(frozen=True)
class Document:
    """Parsed YAML. Dates stay text, as ODCS asks; anchors and merge keys are resolved."""

    file: str
    data: Any
    #: Line and column (from 1) of each key, or of the list item, by its steps from the root.
    positions: dict[Steps, tuple[int, int]] = field(repr=False)

    def position(self, steps: Steps) -> tuple[int, int]:
        """Return line and column of the nearest enclosing thing that has one."""
        while steps and steps not in self.positions:
            steps = steps[:-1]
        return self.positions.get(steps, (1, 1))


def dotted(steps: Steps) -> str:
    """Write steps as a path: ``schema[0].properties[2].name``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def read_document(path: str | Path) -> Document:
    """Read a contract file.

    Raises:
        BrokenDocumentError: no UTF-8, broken YAML, a repeated key, or a file above the bounds.
        ContractError: the file cannot be opened.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ContractError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8 (byte {error.start}); save it as UTF-8"
        raise BrokenDocumentError(str(path), line, 1, message) from None
    if len(raw) > MAX_BYTES:
        message = f"{len(raw)} bytes is more than a contract may have ({MAX_BYTES})"
        raise BrokenDocumentError(str(path), 1, 1, message)
    return parse_document(text, str(path))


def parse_document(text: str, file: str = "<contract>") -> Document:
    """Parse contract text; see `read_document`."""
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise BrokenDocumentError(file, line, column, f"broken YAML: {error.problem}") from None
    except YAMLError as error:
        raise BrokenDocumentError(file, 1, 1, f"broken YAML: {error}") from None
    except RecursionError:
        raise BrokenDocumentError(file, 1, 1, f"nested deeper than {MAX_DEPTH} levels") from None
    if not isinstance(root, MappingNode):
        raise BrokenDocumentError(file, 1, 1, "a contract is a mapping of keys to values")
    reader = _Reader(yaml, file)
    return Document(file, reader.read(root, ()), reader.positions)


class _Reader:
    """Turns composed nodes into plain data and notes where each stood."""

    def __init__(self, yaml: YAML, file: str) -> None:
        self._constructor = yaml.constructor
        self._file = file
        self._nodes = 0
        self.positions: dict[Steps, tuple[int, int]] = {}

    def read(self, node: Node, steps: Steps) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(node, f"more than {MAX_NODES} values, counting what aliases repeat")
        if len(steps) > MAX_DEPTH:
            raise self._error(node, f"nested deeper than {MAX_DEPTH} levels")
        self.positions.setdefault(steps, (node.start_mark.line + 1, node.start_mark.column + 1))
        plain = f"tag:yaml.org,2002:{'map' if isinstance(node, MappingNode) else 'seq'}"
        if not isinstance(node, ScalarNode) and node.tag != plain:
            raise self._error(node, f"the tag {node.tag!r} is not allowed in a contract")
        if isinstance(node, MappingNode):
            return self._mapping(node, steps)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*steps, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, steps: Steps) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                parents = value_node.value if isinstance(value_node, SequenceNode) else [value_node]
                for parent in reversed(parents):
                    merged |= self.read(parent, steps)
                continue
            if not isinstance(key_node, ScalarNode):
                raise self._error(key_node, "a key must be a plain word")
            key = str(key_node.value)
            if key in own:
                raise self._error(key_node, f"the key {key!r} is given twice; keep one")
            self.positions[(*steps, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            own[key] = self.read(value_node, (*steps, key))
        return merged | own

    def _scalar(self, node: Node) -> Any:
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value
        try:
            return self._constructor.construct_object(node)
        except (YAMLError, ValueError):
            raise self._error(node, f"{node.value!r} is not a valid {node.tag}") from None

    def _error(self, node: Node, message: str) -> BrokenDocumentError:
        mark = node.start_mark
        return BrokenDocumentError(self._file, mark.line + 1, mark.column + 1, message)
