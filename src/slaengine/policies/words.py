"""The small parts of a policy file: words, lists of words, titles in several languages."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

T = TypeVar("T")


class Part(BaseModel):
    """Base of everything in a policy file: frozen, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


WordsOf = Annotated[tuple[T, ...], BeforeValidator(_listed)]
"""One value or a list of them."""

Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One word or a list of them."""


class Title(Part):
    """A name for people, by language; written as plain text it is English."""

    en: str = ""
    zh: str = ""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        return {"en": data} if isinstance(data, str) else data

    def text(self, language: str, otherwise: str = "") -> str:
        """Return the title in `language`, else in the other one, else `otherwise`."""
        chosen, other = (self.zh, self.en) if language == "zh" else (self.en, self.zh)
        return chosen or other or otherwise
