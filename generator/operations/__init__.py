"""Operations (init, generate, pin, prune, rollout) → changed registry files, generated files and one commit."""
