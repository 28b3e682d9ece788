"""Releases → Application or HelmRelease, bootstrap objects, repository documents."""
