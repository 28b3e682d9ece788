"""What chartloom copies and fills: the starter, the runtime presets and the documents."""
