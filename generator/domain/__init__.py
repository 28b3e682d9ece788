"""The program's data types: frozen records, problems, places, units."""
