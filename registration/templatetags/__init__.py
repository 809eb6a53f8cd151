"""Template filters that know regions."""
