"""The policy file as JSON Schema, so that editors complete and check it while it is written."""

from __future__ import annotations

from typing import Any

from slaengine.policies.policy import Policy, Version

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file. It admits a little more than the engine: it cannot look names up."""
    schema = Policy.model_json_schema()
    version = {name: part for name, part in schema["$defs"]["Version"]["properties"].items() if name in Version.model_fields}
    schema["properties"] |= version
    schema["required"] = ["policy"]
    schema["anyOf"] = [{"required": ["versions"]}, {"required": ["version", "effective_from", "targets"]}]
    relaxed: dict[str, Any] = _without_formats(schema)
    return {"$schema": DIALECT, **relaxed}


def _without_formats(part: Any) -> Any:
    """Return the schema without date formats: an instant of a policy may lack its offset, or be a bare date."""
    match part:
        case dict():
            return {name: _without_formats(inner) for name, inner in part.items() if name != "format"}
        case list():
            return [_without_formats(inner) for inner in part]
        case _:
            return part
