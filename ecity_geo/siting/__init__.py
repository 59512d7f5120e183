"""Where new service points should stand: location models on a cost matrix."""

from ecity_geo.siting.models import mclp, p_median
from ecity_geo.siting.plan import SitingPlan

__all__ = ["SitingPlan", "mclp", "p_median"]
