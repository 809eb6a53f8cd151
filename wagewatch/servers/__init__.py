"""PostgreSQL and Valkey for one machine, out of PyPI wheels. Standard library only."""
