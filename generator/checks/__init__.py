"""Documents that match their schemas → problems and warnings; one subject per file."""
