"""Operations (init, generate, bump, pin, prune, rollout) → changed registry files, generated files and one commit."""
