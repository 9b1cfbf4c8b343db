"""Prints the OpenAPI document without starting a server: `python -m lightning_sweeps.server.openapi`."""

from __future__ import annotations

import json
import sys

from lightning_sweeps.server.app import app_with_routes
from lightning_sweeps.server.web.openapi_document import Document


def openapi_document() -> Document:
    """Return the document that a server of this version answers with at `/api/openapi.json`."""
    return app_with_routes().openapi()


def main() -> None:
    """Print the document. Two runs of one version print the same bytes."""
    json.dump(openapi_document(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
