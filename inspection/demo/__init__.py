"""The demo county: invented firms and people whose three months of wages are made by the real services."""
