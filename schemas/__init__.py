"""JSON Schemas of the registry's kinds."""
