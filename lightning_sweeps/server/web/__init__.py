"""Responses: pages, errors, byte ranges, packed chart lines, the OpenAPI document."""
