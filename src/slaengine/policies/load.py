"""Reading a policy's YAML: every error names the file, line, column and field, and the nearest word that would do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from slaengine.errors import PolicyError, nearest
from slaengine.policies.calendar_spec import CalendarSpec, HolidayEntry, HolidayList
from slaengine.policies.policy import Policy, Version

T = TypeVar("T")
Path = tuple[str | int, ...]
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_INTEGER = re.compile(r"^[-+]?(0|[1-9]\d*)$")
_NUMBER = re.compile(r"^[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?$")
QUOTED = ("'", '"', "|", ">")
_DEPTH_MAX = 40
"""How deep a file may nest; none of sense comes near, and an alias to itself would never end."""


class Source:
    """A YAML text as plain values, with the line and column of each."""

    def __init__(self, text: str, name: str) -> None:
        """Read `text`; `name` is what errors call it.

        Raises:
            PolicyError: it is not YAML, a key stands twice, or there is nothing in it.
        """
        self.name = name
        self.marks: dict[Path, tuple[int, int]] = {}
        try:
            node = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = str(getattr(error, "problem", None) or error).partition("\n")[0]
            raise PolicyError(self._at(_place(mark), problem)) from None
        if node is None:
            raise PolicyError(f"{name}: the file is empty")
        self.value = self._read(node, ())

    def _read(self, node: yaml.Node, path: Path) -> Any:
        self.marks.setdefault(path, _place(node.start_mark))
        if len(path) > _DEPTH_MAX:
            raise self.error(path[:1], "nests too deeply, or an alias contains itself")
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, (*path, i)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._read_mapping(node, path)
        return _scalar(node)

    def _read_mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise PolicyError(self._at(_place(key.start_mark), "a key must be a word"))
            if key.value in found:
                raise PolicyError(self._at(_place(key.start_mark), f"'{key.value}' stands here twice"))
            self.marks[(*path, key.value)] = _place(key.start_mark)
            found[key.value] = self._read(value, (*path, key.value))
        return found

    def error(self, path: Path, problem: str) -> PolicyError:
        """Return an error about the field at `path`, or the nearest one around it that stands in the file."""
        field = _dotted(path)
        return PolicyError(self._at(self.place(path), f"{field}: {problem}" if field else problem))

    def place(self, path: Path) -> tuple[int, int]:
        """Return the line and column, from 1, of the field at `path`, or of the nearest one around it that stands in the file."""
        return next((self.marks[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.marks), (1, 1))

    def _at(self, place: tuple[int, int], problem: str) -> str:
        return f"{self.name}:{place[0]}:{place[1]}: {problem}"


def policy_of(text: str, name: str) -> Policy:
    """Return the policy that a YAML text describes; `name` is what errors call it.

    Raises:
        PolicyError: it is not one; all that is wrong is said, a line each.
    """
    source = Source(text, name)
    if not isinstance(source.value, dict):
        raise source.error((), "a policy is a mapping that begins `policy: NAME`")
    try:
        return Policy.model_validate(source.value)
    except ValidationError as error:
        raise PolicyError("\n".join(_problems(error, source))) from None


def calendar_of(text: str, name: str) -> CalendarSpec:
    """Return the calendar that a published YAML text describes.

    Raises:
        PolicyError: it is not one.
    """
    return _part_of(text, name, TypeAdapter(CalendarSpec))


def holidays_of(text: str, name: str) -> dict[str, HolidayEntry]:
    """Return the holiday list that a published YAML text holds: dates, or dates with names.

    Raises:
        PolicyError: it is not one.
    """
    return _part_of(text, name, TypeAdapter(HolidayList))


def _part_of(text: str, name: str, adapter: TypeAdapter[T]) -> T:
    source = Source(text, name)
    try:
        return adapter.validate_python(source.value)
    except ValidationError as error:
        raise PolicyError("\n".join(_problems(error, source))) from None


def _problems(error: ValidationError, source: Source) -> Iterator[str]:
    all_found = [(found, _path_in(source, found["loc"])) for found in error.errors(include_url=False)]
    misspelt = {meant for found, path in all_found if found["type"] == "extra_forbidden" for meant in _meant(path)}
    for found, path in all_found:
        if found["type"] != "missing" or path not in misspelt:
            yield str(source.error(path, _problem(found, path)))


def _meant(path: Path) -> Iterator[Path]:
    """Yield the path that an unknown field was most likely meant to be: that field is then not missing."""
    for name in get_close_matches(str(path[-1]), _fields_at(path[:-1]), n=1):
        yield (*path[:-1], name)


def _path_in(source: Source, loc: Path) -> Path:
    """Return pydantic's path as the file has it: the one version may stand at the top level, and branches have no place."""
    if isinstance(source.value, dict) and "versions" not in source.value and loc[:2] == ("versions", 0):
        loc = loc[2:]
    kept: Path = ()
    for part in loc:
        if (*kept, part) in source.marks or not (isinstance(part, str) and re.search(r"[\[\]()-]", part)):
            kept = (*kept, part)
    return kept


def _problem(found: Any, path: Path) -> str:
    word = str(path[-1]) if path else ""
    match found["type"]:
        case "extra_forbidden":
            return f"there is no such field{nearest(word, _fields_at(path[:-1]))}"
        case "missing":
            return "is missing"
        case "literal_error":
            valid = re.findall(r"'([^']*)'", found["ctx"]["expected"])
            return f"'{found['input']}' will not do{nearest(str(found['input']), valid) or '; write ' + ', '.join(valid)}"
        case "value_error":
            return str(found["ctx"]["error"])
        case _:
            return f"{found['msg'][0].lower()}{found['msg'][1:]}"


def _fields_at(path: Path) -> list[str]:
    """Return the fields that a mapping at `path` may have."""
    model: type[BaseModel] = Policy
    for part in path:
        fields = {**Version.model_fields, **Policy.model_fields} if model is Policy else model.model_fields
        if isinstance(part, str) and part in fields:
            model = next(_models(fields[part].annotation), model)
    names = list(model.model_fields)
    return [*names, *Version.model_fields] if model is Policy else names


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style in QUOTED:
        return text
    match text:
        case "true" | "True":
            return True
        case "false" | "False":
            return False
        case "" | "~" | "null":
            return None
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _NUMBER.match(text) else text


def _place(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _dotted(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
