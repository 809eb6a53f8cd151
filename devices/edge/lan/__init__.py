"""The site's own network: terminals that speak HTTP to the agent."""
