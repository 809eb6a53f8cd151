"""The only writers of alarms and statistics."""
