"""The text of ``data/study.toml``: the example that people copy."""

from __future__ import annotations

from tabriz.facts import BOX, CITY_POPULATION, CRS, DISTRICTS, SEED, SYNTHETIC_EN, SYNTHETIC_FA

_TEMPLATE = """\
# The shipped study of Tabriz: a demonstration. Facts are published and cited in README.md; the
# rest is made by scripts/build_tabriz.py and marked synthetic in each file. Copy this file to
# describe your own city; every path is relative to it. `ecity-geo check study.toml` tells what
# is wrong with it.
schema = 1

[study]
id = "tabriz"
name = {{ fa = "تبریز", en = "Tabriz" }}
crs = "{crs}"            # working CRS, in metres; left out: the UTM zone of the boundaries
synthetic = true              # marks every map, page and table
note.fa = \"\"\"{note_fa} \\
مرزها طرح‌واره‌اند؛ جمعیت ده منطقه ({people_fa} نفر) \\
با کل شهر ({city_fa} نفر) ۲٫۲ درصد اختلاف دارد.\"\"\"
note.en = \"\"\"{note_en} \\
Borders are schematic; the ten districts' population ({people:,}) differs from that of the \\
city ({city:,}) by 2.2 %.\"\"\"
seed = {seed}                   # of everything random
box = {box}   # west, south, east, north: every layer must lie around here

[boundaries]
path = "boundaries/districts.geojson"
id = "district_id"
name_fa = "name_fa"
name_en = "name_en"
fabric = "fabric"             # optional: the dominant fabric of each district

[fabric]                      # optional: a finer layer of urban fabric over the districts
path = "boundaries/fabric.geojson"
field = "fabric"

[fabric.labels]
planned = {{ fa = "برنامه‌ریزی‌شده", en = "Planned" }}
historic = {{ fa = "تاریخی", en = "Historic" }}
rural = {{ fa = "روستایی", en = "Rural" }}
informal = {{ fa = "غیررسمی", en = "Informal" }}

[survey]
path = "survey/responses.csv"
instrument = "survey/instrument.toml"
respondent = "respondent_id"
district = "district_id"
district_by = "code"          # or "name", or "coordinates" with x and y
population = 1400             # experts who could have been asked
panel = "survey/panel.csv"    # optional: what experts say of the items

[model]                       # optional: how the constructs hang together (lavaan's syntax)
paths = [
    "services ~ technical + organisation",
    "realisation ~ technical + services + organisation",
]

[soar]                        # optional: strengths, opportunities, aspirations, results
path = "survey/soar.toml"

[services]
path = "services/services.csv"
id = "service_id"
name_fa = "name_fa"
name_en = "name_en"
type = "type"
capacity = "capacity"         # people served per day
status = "status"             # open or planned
x = "lon"
y = "lat"
crs = "EPSG:4326"

[services.labels]
municipality = {{ fa = "شهرداری منطقه", en = "Municipality hall" }}
e_office = {{ fa = "دفتر خدمات الکترونیک", en = "E-service office" }}
kiosk = {{ fa = "کیوسک", en = "Kiosk" }}
post_office = {{ fa = "دفتر پستی", en = "Post office" }}

[population]
path = "population/population.tif"
assign = "centre"             # a cell belongs to the district of its centre

[streets]                     # optional; without it, distances are straight
path = "roads/streets.gpkg"
minutes = "minutes"           # walking time along each street
mode = "walk"
snap = 500                    # metres: farther from any street counts as not reachable

[candidates]                  # no path: places on a grid where people live
spacing = 800

[access]
measure = "streets"           # or "straight"
unit = "min"                  # or "m"
standard = 15                 # greatest acceptable walk to an e-service

[analysis]
min_count = 5                 # districts with fewer respondents are not shown
confidence = 0.95
test_value = 3
coverage_target = 0.6         # a district below this counts as badly covered

[siting]
p = 5                         # new kiosks
models = ["mclp", "p_median"]
time_limit = 20               # seconds per model
include_planned = true

[ranking.weights]
readiness = 1
coverage = 1
access = 1

[output]
languages = ["fa", "en"]
"""

_PERSIAN = str.maketrans("0123456789,", "۰۱۲۳۴۵۶۷۸۹٬")


def study_text() -> str:
    """Return the study file."""
    people = sum(district.population for district in DISTRICTS)
    return _TEMPLATE.format(
        crs=CRS,
        note_fa=SYNTHETIC_FA,
        note_en=SYNTHETIC_EN,
        people=people,
        city=CITY_POPULATION,
        people_fa=f"{people:,}".translate(_PERSIAN),
        city_fa=f"{CITY_POPULATION:,}".translate(_PERSIAN),
        seed=SEED,
        box=list(BOX),
    )
