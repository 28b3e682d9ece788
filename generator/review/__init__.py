"""What a change does to releases: their differences, numbers and risks, and a report of them in several forms."""
