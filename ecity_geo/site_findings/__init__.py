"""New sites of a study: plans by every model that it asks for, and what they change for whom."""

from ecity_geo.site_findings.change import before_after
from ecity_geo.site_findings.fairness import fairness_of
from ecity_geo.site_findings.front import front_of
from ecity_geo.site_findings.need import need_weights, robust
from ecity_geo.site_findings.refined import refined
from ecity_geo.site_findings.work import Sited, coverage_of, site

__all__ = [
    "Sited",
    "before_after",
    "coverage_of",
    "fairness_of",
    "front_of",
    "need_weights",
    "refined",
    "robust",
    "site",
]
