"""A composite index of districts, and how far its ranks can be trusted."""
