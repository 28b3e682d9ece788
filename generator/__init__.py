"""chartloom: a registry of models and environments → versioned Helm charts, values and a GitOps repository."""

__version__ = '0.1.0'
