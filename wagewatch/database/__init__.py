"""Django's PostgreSQL backend, told what our tables are like."""
