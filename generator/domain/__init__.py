"""The words of the program: frozen records, problems, places, units."""
