"""Cases: the order of their steps, deadlines, articles, documents and words. Services: inspection/services/case_*.py."""
