"""What is published about Tabriz: the only part of the shipped study that is not made up.

Every number here carries its source; everything else in ``scripts/tabriz`` is built from these
and marked synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass

SEED = 1395
CRS = "EPSG:32638"
CENTRE_LONLAT = (46 + 17 / 60, 38 + 5 / 60)
BOX = (46.0, 37.9, 46.6, 38.3)

SYNTHETIC_EN = "Synthetic demonstration data built from published facts; not a survey of Tabriz."
SYNTHETIC_FA = "داده‌های ساختگی نمایشی بر پایه‌ی آمار منتشرشده؛ برداشت واقعی از تبریز نیست."

CENSUS_SOURCE = (
    "Population (census 1395/2016) and area of the ten municipal districts of Tabriz, as published"
)
CODES_SOURCE = "District codes: Statistical Centre of Iran (typhoon-iran-cities, MIT licence)"
FABRIC_SOURCE = (
    "Fabric of districts 3, 5, 7 and 8: J. Geography and Planning 22(66), 1397/2018, "
    "https://geoplanning.tabrizu.ac.ir/article_8560.html"
)
SURVEY_SOURCE = (
    "Items, means (Table 2), n and alpha: Assessment of the realisability of the electronic city "
    "and its feasibility in the metropolis of Tabriz (2016)"
)

CITY_POPULATION = 1_558_693
"""Inhabitants of the city of Tabriz, census 1395 (2016); 2.2 % fewer than its districts have."""

RESPONDENTS = 182
ALPHA = "0.712"
SCALE = (1, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A municipal district as published.

    Parameters
    ----------
    id
        Its number.
    population
        Census 1395 (2016).
    area_km2
        Published area.
    stat_code
        Code of the Statistical Centre of Iran.
    position_fa, position_en
        Where it lies in the city.
    published_fabric
        Class given by the published study; empty where none was found.
    """

    id: str
    population: int
    area_km2: float
    stat_code: str
    position_fa: str
    position_en: str
    published_fabric: str = ""


def _district(
    id_: str, position: tuple[str, str], population: int, area: float, code: str, fabric: str = ""
) -> District:
    return District(
        id=id_,
        population=population,
        area_km2=area,
        stat_code=code,
        position_fa=position[0],
        position_en=position[1],
        published_fabric=fabric,
    )


DISTRICTS = (
    _district("1", ("شرق", "east"), 218_647, 15.41, "0303031621"),
    _district("2", ("جنوب شرق", "south-east"), 196_507, 20.80, "0303031622"),
    _district("3", ("جنوب", "south"), 229_474, 27.85, "0303031623", "inner-city fabric"),
    _district("4", ("غرب", "west"), 315_183, 25.40, "0303031624"),
    _district("5", ("شمال شرق", "north-east"), 143_138, 31.53, "0303031651", "planned fabric"),
    _district("6", ("شمال غرب", "north-west"), 108_959, 72.18, "0303031652"),
    _district("7", ("جنوب غرب", "south-west"), 161_873, 28.92, "0303031653", "informal fabric"),
    _district("8", ("مرکز", "centre"), 29_384, 3.88, "0303032521", "central business district"),
    _district("9", ("خاوران", "Khavaran (new town area)"), 2_250, 8.03, "0303032071"),
    _district("10", ("شمال", "north"), 187_958, 10.51, "0303032072"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A survey item as Table 2 prints it.

    Parameters
    ----------
    id
        Short name.
    construct
        Construct it belongs to.
    mean
        Printed mean, with its digits.
    en, fa
        Label in English and Persian.
    """

    id: str
    construct: str
    mean: str
    en: str
    fa: str


CONSTRUCTS = {
    "technical": ("Technical infrastructure", "زیرساخت‌های فنی"),
    "services": ("Systems and e-services", "سیستم‌ها و خدمات الکترونیکی"),
    "organisation": (
        "Organisational readiness of the municipality",
        "آمادگی سازمانی شهرداری",
    ),
}

_TABLE_2 = """
local_network|technical|4.60|Local network|شبکه‌ی محلی
internet_network|technical|4.37|Internet network (fibre, wireless, DSL ...)|شبکه‌ی اینترنت (فیبر نوری، بی‌سیم، DSL و ...)
value_added_services|technical|4.19|Value-added network services (video conference, FTB ...)|سرویس‌های ارزش افزوده‌ی شبکه (ویدئو کنفرانس، FTB و ...)
hardware|technical|3.27|Hardware|سخت‌افزار
data_call_centre|technical|2.21|Municipal data and call centre|مرکز داده و تماس شهرداری
security|technical|1.57|Security|امنیت
gis|technical|3.09|GIS|GIS
mechanised_affairs|services|4.77|Mechanisation of municipal affairs|مکانیزه کردن امور شهرداری
location_enabled|services|2.17|Location-enabling of existing systems|مکان‌مندی سیستم‌های موجود
website_portal|services|3.00|Website and portal|وب‌سایت و پورتال
electronic_services|services|3.54|Electronic delivery of municipal services|الکتریکی نمودن خدمات شهرداری
integration|services|1.65|Integration of existing systems|یکپارچگی سیستم‌های موجود
it_users|organisation|3.73|Readiness of IT users|آمادگی کاربران IT
it_specialists|organisation|2.81|Readiness of IT specialists|آمادگی نیروی متخصص IT
ict_management|organisation|2.63|ICT management, planning and organisation|مدیریت، برنامه‌ریزی و تشکیلات فاوا
strategy_alignment|organisation|2.09|Alignment of business and ICT strategies|همسو بودن راهبردهای کسب‌وکار و فاوا
financial|organisation|1.82|Financial readiness (capital and current IT budget)|آمادگی مالی (بودجه‌ی عمرانی و جاری IT)
legal|organisation|1.94|Legal readiness|آمادگی حقوقی
"""  # noqa: E501


def _item(row: str) -> Item:
    id_, construct, mean, en, fa = row.split("|")
    return Item(id=id_, construct=construct, mean=mean, en=en, fa=fa)


ITEMS = tuple(_item(row) for row in _TABLE_2.strip().splitlines())
