"""
Lets `import django.utils.six.moves` work on Python 3.12 and later; `channels.staticfiles` contains such an import.

The copy of `six` in Django 2.2 has an importer with `find_module`, which Python ignores since 3.12. This module adds
only the methods that replaced `find_module`. It imports nothing of Channels, so it can be imported before Channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Any

from django.utils import six


def complete_importer() -> None:
    """Give the importer in Django's `six` the methods that Python's import statement calls."""
    importer: Any = type(six._importer)
    importer.find_spec = _find_spec
    importer.create_module = _create_module
    importer.exec_module = _exec_module


def _find_spec(importer: Any, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
    return spec_from_loader(name, importer) if name in importer.known_modules else None


def _create_module(importer: Any, spec: ModuleSpec) -> ModuleType:
    return importer.load_module(spec.name)


def _exec_module(importer: Any, module: ModuleType) -> None:
    """Do nothing, because `create_module` returns a complete module."""
