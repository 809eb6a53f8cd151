"""Plain tools without tables: money, dates, errors, identity, crypto, Merkle trees, spreadsheets."""
