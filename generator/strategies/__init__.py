"""The neutral strategy of a release → values of its chart, in the words of whoever moves the traffic."""
