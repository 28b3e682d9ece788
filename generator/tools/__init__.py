"""Calls of external programs and services: processes, git, helm, HTTP, Prometheus."""
