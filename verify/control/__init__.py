"""Claims about control."""
