"""Text ↔ checked data: reading, writing and editing YAML; JSON Schema; Jinja."""
