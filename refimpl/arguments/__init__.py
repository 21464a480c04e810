"""What arguments are and must be: arrays, declared domains, and the errors that say what is wrong."""
