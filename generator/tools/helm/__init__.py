"""helm: rendering and linting of charts, and schemas that check the rendered objects."""
