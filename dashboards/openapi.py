"""The OpenAPI 3.1 document of the API; its schemas are made from the very types that are answered."""

from __future__ import annotations

from typing import Any

import msgspec

from ioc import __version__
from ioc.figures import Overview
from ioc.settings import Settings

TIME = {"type": "string", "format": "date-time"}


def document(settings: Settings) -> dict[str, Any]:
    """The document, with the province's name."""
    (schema,), components = msgspec.json.schema_components([Overview], ref_template="#/components/schemas/{name}")
    error = {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["status", "message"],
                "properties": {"status": {"type": "integer"}, "message": {"type": "string"}},
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"IOC {settings.province.name_en}", "version": __version__},
        "paths": {
            "/api/v1/overview": {
                "get": {
                    "operationId": "overview",
                    "summary": "Every figure of a unit and all below it, at any moment",
                    "parameters": [
                        _parameter("unit", {"type": "string"}, "Code; default the root of the unit pack in force"),
                        _parameter(
                            "scope",
                            {"type": "string", "enum": ["handling", "receiving"], "default": "handling"},
                            "Cases by the unit that must decide, or by the one-stop centre that took them in",
                        ),
                        _parameter("as_of", TIME, "States at this moment, offset required; default now"),
                        _parameter("from", TIME, "Begin of the window of happenings; default the local midnight"),
                        _parameter("to", TIME, "End of the window, exclusive; default as_of"),
                    ],
                    "responses": {
                        "200": _answer("The overview; times in the province's zone", schema),
                        "400": _answer("A parameter is wrong", {"$ref": "#/components/schemas/Error"}),
                        "401": {"description": "No token"},
                        "404": _answer("No such unit", {"$ref": "#/components/schemas/Error"}),
                        "503": _answer("The store does not answer", {"$ref": "#/components/schemas/Error"}),
                    },
                    "security": [{"token": []}, {}],
                }
            }
        },
        "components": {
            "schemas": {**components, "Error": error},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}


def _answer(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}
