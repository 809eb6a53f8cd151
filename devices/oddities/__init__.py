"""Attendance that looks wrong: found by one statement per kind over a period, for clerks and inspectors to look at."""
