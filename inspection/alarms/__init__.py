"""Early-warning rules: each one a set-based SQL statement over all projects."""
