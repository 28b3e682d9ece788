"""helm: charts rendered and linted; the schemas that judge what it renders."""
