"""Changes of registry files and what follows from them: init, generate, pin, rollout."""
