"""Where new service points should stand: location models on a cost matrix."""

from ecity_geo.siting.covering_models import lscp, p_center
from ecity_geo.siting.dispersion import p_dispersion
from ecity_geo.siting.models import mclp, p_median
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.planning import ConditionedPlan, plan_sites

__all__ = [
    "ConditionedPlan",
    "SitingPlan",
    "lscp",
    "mclp",
    "p_center",
    "p_dispersion",
    "p_median",
    "plan_sites",
]
