"""Files that chartloom copies and fills in: the starter, the runtime presets and the documents."""
