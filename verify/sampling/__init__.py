"""Claims about sampling."""
