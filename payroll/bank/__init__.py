"""The bank's language: ISO 20022 messages, code tables, transports and a simulator. No tables, no clock."""
