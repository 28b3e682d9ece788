"""Chart, environment and release → the values of a release."""
