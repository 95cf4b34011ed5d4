"""The OpenAPI document: completed with what every door shares, so that a client can be made from it."""

import re
import warnings
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.doors import API_WRITES, is_public
from api.errors import STATUS

_REFERENCE = {"$ref": "#/components/schemas/Error"}
ERROR_SCHEMA: dict[str, Any] = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "reference", "details"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "enum": sorted(STATUS)},
                "message": {"type": "string", "description": "For people, in their language."},
                "reference": {"type": "string", "description": "Under this the log tells what happened."},
                "details": {"type": "array", "items": {"type": "object"}},
            },
        }
    },
}
SCHEMES: dict[str, Any] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "gridaudit_session",
        "description": "Set by `POST /api/v1/session`. Requests that change something must come from our own pages.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A wall or api token: reading, and with a supervisor's role reporting suspicions.",
    },
    "device": {"type": "http", "scheme": "bearer", "description": "The token of an inspector's device."},
}
SHARED = {
    "400": "The request can't be understood.",
    "401": "Nobody known: no session or token, or one that no longer stands.",
    "403": "Known, but not entitled, or a request that another site sent.",
    "404": "There is no such thing within sight.",
    "413": "Too large.",
    "422": "A value that can't be used; `details` says which.",
    "429": "Too often; `Retry-After` says when again.",
    "503": "No database at the moment; try again.",
    "504": "The database took too long.",
}
METHODS = ("get", "post", "put", "patch", "delete")
DEVICE_DOORS = ("/api/v1/positions", "/api/v1/positions/osmand", "/api/v1/positions/owntracks", "/api/v1/shift")


def _answer(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": _REFERENCE}}}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Adds error answers and security to every operation of an OpenAPI document, and returns it."""
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas["Error"] = ERROR_SCHEMA
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    parts["securitySchemes"] = SCHEMES
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            if method not in METHODS:
                continue
            answers = operation.setdefault("responses", {})
            answers.pop("422", None)
            for status, text in SHARED.items():
                answer = answers.setdefault(status, _answer(text))
                answer.setdefault("content", _answer(text)["content"])
            for answer in answers.values():
                for content in answer.get("content", {}).values():
                    if "$ref" in content.get("schema", {}):
                        # FastAPI adds `type: string` where an answer isn't called application/json.
                        content["schema"] = {"$ref": content["schema"]["$ref"]}
            answers.setdefault("default", _answer("Any other error."))
            operation["security"] = _security(method, path)
            operation["operationId"] = _name(method, path)
            # A header of this name is what `security` says; OpenAPI has tools ignore it as a parameter.
            kept = [p for p in operation.get("parameters", []) if p["name"].lower() != "authorization"]
            operation.pop("parameters", None)
            if kept:
                operation["parameters"] = kept
    return document


def _name(method: str, path: str) -> str:
    """A name that no other operation has: two methods of one function would share FastAPI's."""
    return "_".join([method, *re.findall(r"\w+", path.removeprefix("/api/v1"))])


def _security(method: str, path: str) -> list[dict[str, list[str]]]:
    if path in DEVICE_DOORS:
        return [{"device": []}]
    if is_public(method.upper(), path) or path.startswith("/texts/"):
        return []
    return [{"session": []}, {"token": []}] if method == "get" or path in API_WRITES else [{"session": []}]


def install(server: FastAPI) -> None:
    """Makes `server.openapi()` give the completed document."""

    def document() -> dict[str, Any]:
        if server.openapi_schema is None:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Duplicate Operation ID")  # `complete` names them anew
                bare = get_openapi(
                    title=server.title,
                    version=server.version,
                    description="Doors of gridaudit for other systems. Times are UTC, places WGS-84 (EPSG:4326).",
                    routes=server.routes,
                )
            server.openapi_schema = complete(bare)
        return server.openapi_schema

    server.openapi = document  # type: ignore[method-assign]
