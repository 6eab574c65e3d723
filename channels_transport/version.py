"""The version of this package. The build reads it without importing the package, so this module imports nothing."""

from __future__ import annotations

__version__ = "1.0.0"
