"""The small parts of a policy file: words, lists of words, titles in several languages."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

T = TypeVar("T")


class Part(BaseModel):
    """Base of everything in a policy file: frozen, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


class _OneOrMany:
    """Tells the JSON Schema that a list of one may be written without its brackets."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(core)
        many.pop("default", None)
        return {"anyOf": [many["items"], many]}


WordsOf = Annotated[tuple[T, ...], BeforeValidator(_listed), _OneOrMany()]
"""One value or a list of them."""

Words = Annotated[tuple[str, ...], BeforeValidator(_listed), _OneOrMany()]
"""One word or a list of them."""


class Title(Part):
    """A name for people, by language; written as plain text it is English."""

    en: str = ""
    zh: str = ""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        return {"en": data} if isinstance(data, str) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell the JSON Schema that plain text will do."""
        return {"anyOf": [{"type": "string"}, handler(core)]}

    def text(self, language: str, otherwise: str = "") -> str:
        """Return the title in `language`, else in the other one, else `otherwise`."""
        chosen, other = (self.zh, self.en) if language == "zh" else (self.en, self.zh)
        return chosen or other or otherwise
