"""Strict use of openapi-python-client: warnings and omissions are errors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
from jinja2 import Environment, StrictUndefined
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError, ParseError
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import ModelProperty

from generator.description import DescriptionError
from generator.rendering.document import Document

_TEMPLATES: Final = Path(__file__).parent / "templates"


@attrs.frozen
class Parsed:
    endpoints: Mapping[str, Endpoint]
    """By operation id."""
    models: Mapping[str, ModelProperty]
    """By class name."""
    templates: Environment


def parse(document: Document) -> Parsed:
    """Parse the document with openapi-python-client; return the result and its template engine with our templates.

    Raises:
        DescriptionError: openapi-python-client warns about the document or omits an operation.
    """
    settings = ConfigFile(literal_enums=True, post_hooks=[])
    config = Config.from_sources(settings, MetaType.NONE, Path(), "utf-8", overwrite=True, output_path=Path())
    data = GeneratorData.from_dict(document.openapi, config=config)
    if isinstance(data, GeneratorError):
        raise DescriptionError(f"#: {_said(data)}")
    groups = data.endpoint_collections_by_tag.values()
    if errors := [*data.errors, *(error for group in groups for error in group.parse_errors)]:
        raise DescriptionError("#: " + "; ".join(map(_said, errors)))
    endpoints = {str(endpoint.name): endpoint for group in groups for endpoint in group.endpoints}
    if endpoints.keys() != document.names:
        raise DescriptionError(
            f"#: openapi-python-client omitted {', '.join(sorted(document.names - endpoints.keys()))}"
        )
    models = {str(model.class_info.name): model for model in data.models}
    templates = Project(openapi=data, config=config, custom_template_path=_TEMPLATES).env
    templates.undefined = StrictUndefined
    return Parsed(endpoints, models, templates)


def _said(error: GeneratorError | ParseError) -> str:
    return " ".join(f"{error.header}: {error.detail}".split())
