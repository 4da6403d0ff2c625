"""YAML, read strictly: mappings, lists and texts, and nothing that two readers could understand differently.

Every scalar is a text, as it is written: YAML's guesses (`NO` is false, `12:30` is 750) are never made. Refused: anchors and aliases (a few
lines of them unfold to gigabytes), tags, several documents, merge keys, a member that stands twice, too much depth and too many bytes.

Source: YAML 1.1 as PyYAML reads it, by its events; nothing is ever constructed from a tag.
"""

from collections.abc import Iterator
from typing import Final

from tafadi.errors import FormatError
from tafadi.formats.strict_json import DEEPEST, check_size

Tree = str | list["Tree"] | dict[str, "Tree"]
MOST_NODES: Final = 2_000_000  # of 64 MiB of real files; the largest known has 40,000


def load(data: bytes, *, format: str) -> Tree:
    """The YAML text in `data`. Raises FormatError, with the line where reading stopped."""
    import yaml  # only when a YAML file comes

    check_size(len(data), format)
    loader = getattr(yaml, "CLoader", yaml.Loader)  # libyaml where PyYAML has it: ten times faster, and the same events
    try:
        return _document(yaml.parse(data.decode("utf-8-sig"), Loader=loader), format)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        words = str(getattr(error, "problem", None) or "a character that YAML does not allow")[:120]
        raise FormatError(f"it is not YAML ({words})", format=format, offset=None if mark is None else mark.line + 1) from None
    except UnicodeDecodeError as error:
        raise FormatError("it is not UTF-8 text", format=format, offset=error.start) from None


class _Builder:
    """What has been read so far: the open collections, the innermost last, and the names of members that await a value."""

    def __init__(self, format: str) -> None:
        self.format = format
        self.roots: list[Tree] = []
        self.open_ones: list[list[Tree] | dict[str, Tree]] = []
        self.names: list[str | None] = []
        self.nodes = 0

    def put(self, node: Tree, line: int) -> None:
        """Adds a node where one is awaited."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise FormatError(f"it has more than {MOST_NODES:,} values", format=self.format)
        if not self.open_ones:
            self.roots.append(node)
        elif isinstance(inner := self.open_ones[-1], list):
            inner.append(node)
        else:
            self._member(inner, node, line)

    def _member(self, inner: dict[str, Tree], node: Tree, line: int) -> None:
        name = self.names[-1]
        if name is not None:
            inner[name] = node
            self.names[-1] = None
            return
        if not isinstance(node, str) or node == "<<":
            raise FormatError("the name of a member is not a plain text", format=self.format, offset=line)
        if node in inner:
            sentence = "this member stands twice in one mapping, and nobody can say which one holds"
            raise FormatError(sentence, format=self.format, offset=line, field=node[:60])
        self.names[-1] = node

    def begin(self, node: list[Tree] | dict[str, Tree], line: int) -> None:
        """Opens a list or a mapping."""
        self.put(node, line)
        self.open_ones.append(node)
        self.names.append(None)
        if len(self.open_ones) > DEEPEST:
            raise FormatError(f"it nests deeper than {DEEPEST} levels", format=self.format, offset=line)

    def end(self) -> None:
        """Closes the innermost collection."""
        self.open_ones.pop()
        self.names.pop()


def _document(events: Iterator[object], format: str) -> Tree:
    import yaml

    builder = _Builder(format)
    for event in events:
        mark = event.start_mark if isinstance(event, yaml.Event) else None
        line = 0 if mark is None else mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise FormatError("anchors and aliases are refused; write the value out where it stands", format=format, offset=line)
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
            raise FormatError("tags are refused; a value is a text, a list or a mapping", format=format, offset=line)
        if isinstance(event, yaml.ScalarEvent):
            builder.put(event.value, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            builder.begin([], line)
        elif isinstance(event, yaml.MappingStartEvent):
            builder.begin({}, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            builder.end()
    if len(builder.roots) != 1:
        raise FormatError(f"it holds {len(builder.roots)} documents; a file has one", format=format)
    return builder.roots[0]
