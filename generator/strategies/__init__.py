"""The strategy of a release → values of its chart, in the form of the engine that moves the traffic."""
