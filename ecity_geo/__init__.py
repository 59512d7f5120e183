"""From a readiness survey and a map to e-service decisions that a council can defend."""

__version__ = "0.1.0"
