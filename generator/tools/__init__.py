"""Programs and services outside: processes, git, helm, HTTP, Prometheus."""
