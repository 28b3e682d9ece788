"""Layers of values → one document, and the line that each fault comes from."""
