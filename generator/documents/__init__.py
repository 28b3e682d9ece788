"""Text ↔ checked data: YAML read, written and edited in place; JSON Schema; Jinja."""
