"""The AsyncAPI 3 document of the inbound topics, made from the very types that decode them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from streams.feeds import FEEDS
from streams.feeds.wire import Feed

REF = "#/components/schemas/{name}"


def _version() -> str:
    try:
        return version("ioc")
    except PackageNotFoundError:
        return "0"


def _payload(schema: dict[str, Any]) -> dict[str, Any]:
    """AsyncAPI names the discriminating field alone, where msgspec writes what OpenAPI wants."""
    if "discriminator" in schema:
        return schema | {"discriminator": schema["discriminator"]["propertyName"]}
    return schema


def _message(feed: Feed, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": feed.topic.title,
        "title": feed.topic.name.lower(),
        "summary": feed.says,
        "contentType": "application/json",
        "payload": _payload(schema),
        "bindings": {"kafka": {"key": {"type": "string", "description": f"the record's {feed.key}"}}},
        "examples": [{"payload": feed.sample()}],
    }


def document() -> dict[str, Any]:
    """The document as plain data: a channel and a message for each feed, schemas for their types."""
    schemas, components = msgspec.json.schema_components([feed.wire for feed in FEEDS], ref_template=REF)
    names = [feed.topic.name.lower() for feed in FEEDS]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "IOC feeds",
            "version": _version(),
            "description": (
                "What source systems send to the Smart Operations Centre: one topic a feed, one JSON object a record, "
                "UTF-8, or a CloudEvent 1.0 around it, structured or binary. A record that does not fit is kept aside "
                "with its reason and never stops the feed."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {
            name: {
                "address": feed.topic.title,
                "description": feed.says,
                "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            }
            for name, feed in zip(names, FEEDS, strict=True)
        },
        "operations": {
            f"ingest_{name}": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
            }
            for name in names
        },
        "components": {
            "messages": {
                name: _message(feed, schema) for name, feed, schema in zip(names, FEEDS, schemas, strict=True)
            },
            "schemas": components,
        },
    }
