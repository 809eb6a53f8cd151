"""Which projects may fail to pay next, and why: facts as of an instant, points by rule, words for pages."""
