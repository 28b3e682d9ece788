"""Layers of values → merged values, and faults in them → the place where the value is set."""
