"""Where new service points should stand: location models on a cost matrix."""

from ecity_geo.siting.candidates import grid_candidates, street_candidates
from ecity_geo.siting.conditioned import ConditionedPlan
from ecity_geo.siting.coverage_models import backup_coverage, gradual_coverage
from ecity_geo.siting.covering_models import lscp, p_center
from ecity_geo.siting.dispersion import p_dispersion
from ecity_geo.siting.fairness import price_of_fairness
from ecity_geo.siting.front import Front, pareto_front
from ecity_geo.siting.grouped import covered_by
from ecity_geo.siting.models import mclp, p_median
from ecity_geo.siting.moving import Refinement
from ecity_geo.siting.need import RobustPlan, need, robust_mclp
from ecity_geo.siting.plan import SitingPlan
from ecity_geo.siting.planning import plan_sites
from ecity_geo.siting.refine import refine_sites
from ecity_geo.siting.refine_streets import refine_along_streets
from ecity_geo.siting.tradeoffs import compare_aims, coverage_curve
from ecity_geo.siting.watching import SitingProgress, watch

__all__ = [
    "ConditionedPlan",
    "Front",
    "Refinement",
    "RobustPlan",
    "SitingPlan",
    "SitingProgress",
    "backup_coverage",
    "compare_aims",
    "coverage_curve",
    "covered_by",
    "gradual_coverage",
    "grid_candidates",
    "lscp",
    "mclp",
    "need",
    "p_center",
    "p_dispersion",
    "p_median",
    "pareto_front",
    "plan_sites",
    "price_of_fairness",
    "refine_along_streets",
    "refine_sites",
    "robust_mclp",
    "street_candidates",
    "watch",
]
