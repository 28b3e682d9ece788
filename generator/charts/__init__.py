"""A model version → its chart: values, files, version, ledger."""
