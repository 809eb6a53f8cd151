"""First contents of the tables: regions, calendar, parameters. Plain data and no models; a command loads it."""
