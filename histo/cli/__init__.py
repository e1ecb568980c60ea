"""The `histo` command: reads biopsies, tells about slides, checks the installation, makes phantoms, measures speed."""

from __future__ import annotations

from histo.cli.app import app, main

__all__ = ["app", "main"]
