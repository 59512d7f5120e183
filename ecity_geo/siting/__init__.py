"""Where new service points should stand: location models on a cost matrix."""
