"""Survey statistics on plain frames: what a study says, and what a published one cannot have."""
