"""Hand-written networks."""
