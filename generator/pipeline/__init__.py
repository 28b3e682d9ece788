"""A repository → one run: source, registry, charts, releases, tree, plan; verify and doctor."""
