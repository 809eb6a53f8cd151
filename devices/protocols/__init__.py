"""What gates and readers speak: bytes to records and back. No ports, no Django; standard library only."""
