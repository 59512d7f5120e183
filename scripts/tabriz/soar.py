# ruff: noqa: E501 - a row of the sheet stands on a line of its own
"""The SOAR sheet: items and strategies as published, weights and scores made to fit the sums.

The published study prints the four sums of its sheet (1.569, 1.549, 1.368, 1.851) and the items,
but neither weights nor scores. These are chosen by hand so that the sums come out exactly; the
Persian wording is ours. Evidence points to the survey or the map where an item speaks of them.
"""

from __future__ import annotations

from pathlib import Path

# id, weight in thousandths, score, evidence, Persian, English
Row = tuple[str, int, int, str, str, str]

SHEET: dict[str, tuple[Row, ...]] = {
    "strengths": (
        ("support", 90, 3, "", "حمایت شهرداران و مدیران شهری از شهر الکترونیک", "Support of mayors and city managers for the electronic city"),
        ("users", 88, 3, "item:it_users", "آمادگی کاربران تبریزی برای استفاده از خدمات فناوری اطلاعات", "Readiness of Tabriz users to use IT services"),
        ("network", 80, 4, "item:internet_network", "شبکه‌ی اینترنت مناسب برای خدمات الکترونیکی", "An internet network fit for electronic services"),
        ("hardware", 90, 2, "item:hardware", "وضعیت خوب سخت‌افزار و نرم‌افزار شهرداری", "Good state of the municipality's hardware and software"),
        ("mechanised", 70, 4, "item:mechanised_affairs", "مکانیزه‌بودن امور شهرداری", "Municipal affairs are mechanised"),
        ("compact", 85, 3, "", "بافت فشرده‌ی کلان‌شهر و دسترسی شهروندان به اینترنت", "Compact fabric of the metropolis, and internet within citizens' reach"),
    ),
    "opportunities": (
        ("income", 75, 4, "", "درآمد تازه و هزینه‌ی کمتر برای شهرداری", "New income and lower costs for the municipality"),
        ("participation", 120, 3, "", "رشد مشارکت مردم و فرهنگ شهروندی", "Growth of public participation and citizen culture"),
        ("variety", 85, 4, "item:electronic_services", "خدمات شهری متنوع‌تر، بهتر و سریع‌تر", "More varied, better and faster urban services"),
        ("investment", 102, 2, "item:financial", "جذب سرمایه‌گذاری و واگذاری خدمات الکترونیکی به بخش خصوصی", "Investment can be attracted and e-services given to private contractors"),
        ("laws", 115, 3, "item:legal", "قوانین الزام‌آور زیست‌محیطی و توسعه‌ی پایدار", "Binding laws on environment, and sustainable development"),
    ),
    "aspirations": (
        ("one_stop", 75, 4, "city:covered_share", "خدمات یکجا به شهروندان و دسترسی ۲۴ساعته به خدمات شهری", "One-stop services to citizens, and 24-hour access to urban services"),
        ("infrastructure", 60, 4, "construct:technical", "سرمایه‌گذاری بیشتر در زیرساخت فناوری اطلاعات", "More investment in IT infrastructure"),
        ("contact", 55, 3, "", "ارتباط گسترده‌ی نهادها با شهروندان", "Broad contact of institutions with citizens"),
        ("traffic", 60, 3, "", "ترافیک روزانه، آلودگی و نابودی فضای سبز کمتر", "Less daily traffic, pollution and loss of green space"),
        ("commerce", 42, 2, "item:security", "اینترنت محلی امن‌تر و تجارت الکترونیک بیشتر", "Safer local internet and more electronic commerce"),
        ("city", 68, 3, "", "تبریز، شهر الکترونیک با شهروندان خلاق و الکترونیک؛ پایداری", "Tabriz as an electronic city with creative, electronic citizens; sustainability"),
        ("quality", 65, 3, "", "خدمات بهتر شهرداری و کیفیت زندگی", "Better municipal services and quality of life"),
    ),
    "results": (
        ("oversight", 171, 3, "", "نظارت نزدیک‌تر مدیران بر کارکنان و خدمات", "Closer oversight by managers of staff and services"),
        ("time", 165, 4, "", "اتلاف وقت و هزینه‌ی سفر کمتر برای شهروندان", "Less time lost and lower travel costs for citizens"),
        ("land", 139, 2, "", "کاربری‌های زاید کمتر، فضای عمومی و سبز بیشتر", "Fewer surplus land uses, more public and green space"),
        ("effective", 100, 4, "construct:services", "خدمات مؤثرتر به مردم و جامعه", "More effective services to people and society"),
    ),
}  # fmt: skip

STRATEGIES: dict[str, tuple[tuple[str, str], ...]] = {
    "SR": (
        ("توسعه‌ی زیرساخت و تجهیزات، آموزش و آگاهی همگانی", "Develop infrastructure and equipment, and give public training and awareness"),
        ("جذب نیروی خلاق و توانا و بهره‌گیری از آن برای تحقق شهر الکترونیک", "Attract creative, able staff and use this structure to realise the electronic city"),
        ("نظارت درست بر کارکنان برای ارائه‌ی خوب خدمات", "Proper oversight of staff so that services are delivered well"),
    ),
    "OR": (
        ("جایگزینی گام‌به‌گام روال‌های پیشین با سامانه‌ی الکترونیک", "Replace earlier routines step by step with the electronic system"),
        ("دفاتر بیشتر خدمات الکترونیک شهرداری و پورتال مجهز", "More municipal e-service offices, and a well-equipped municipal portal"),
        ("اطلاعات باز و گزارش منظم پروژه‌ها و بودجه‌ها (حکمروایی خوب شهری)", "Open information and regular reports on projects and budgets (good urban governance)"),
    ),
    "SA": (
        ("شرایط بهتر برای کارکنان تا خدمات الکترونیک امن و پایدار باشد", "Better terms for staff, so that e-services are secure and lasting"),
        ("تبلیغ گسترده و مؤثر شهر الکترونیک و کیفیت زندگی", "Wide, effective publicity for the electronic city and quality of life"),
        ("پیوند الکترونیکی نهادهای خدمت‌رسان", "Bring service-giving institutions together electronically"),
    ),
    "OA": (
        ("جذب سرمایه‌ی داخلی و خارجی با مشوق‌ها", "Attract domestic and foreign investment with incentives"),
        ("مقررات الزام‌آور خدمات اینترنتی و تشویق به استفاده برای کاهش سفر", "Binding rules on internet services and incentives to use them, to cut travel"),
        ("مکان‌یابی مناسب سامانه‌های الکترونیک برای پوشش همه‌ی شهر", "Suitable siting of electronic systems so that the whole city is covered"),
    ),
}  # fmt: skip

_HEAD = """\
# SOAR sheet. Items and strategies are published; weights and scores are made up so that the four
# sums are the published ones (1.569, 1.549, 1.368, 1.851). The Persian wording is ours.
schema = 1
synthetic = true
note.fa = "وزن‌ها و امتیازها ساختگی‌اند تا چهار جمع منتشرشده به دست آید؛ مقاله تنها جمع‌ها را آورده است."
note.en = "Weights and scores are made up to give the four published sums; the paper prints only these."
scale = { min = 1, max = 4 }
"""


def write_soar(path: Path) -> None:
    """Write the sheet."""
    lines = [_HEAD]
    for quadrant, rows in SHEET.items():
        for name, weight, score, evidence, fa, en in rows:
            lines += [
                "[[item]]",
                f'id = "{name}"',
                f'quadrant = "{quadrant}"',
                f'label = {{ fa = "{fa}", en = "{en}" }}',
                f"weight = {weight / 1000:.3f}",
                f"score = {score}",
                *([f'evidence = "{evidence}"'] if evidence else []),
                "",
            ]
    for strategy, measures in STRATEGIES.items():
        for fa, en in measures:
            label = f'label = {{ fa = "{fa}", en = "{en}" }}'
            lines += ["[[strategy]]", f'id = "{strategy}"', label, ""]
    path.write_bytes("\n".join(lines).encode("utf-8"))
