"""Pages from templates: no script, nothing asked of the network, fonts and styles inside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ecity_geo.outputs import assets

COUNCIL_STYLE = ("council.css",)
STATISTICS_STYLE = ("council.css", "statistics.css")


def render(template: str, *, styles: Sequence[str] = COUNCIL_STYLE, **values: Any) -> str:
    """Write a page from a template.

    Parameters
    ----------
    template
        File in ``templates``.
    styles
        Style sheets in the same folder, after the fonts.
    **values
        What the template names; texts are escaped.

    Returns
    -------
    html
        With a Content-Security-Policy that lets only these styles in.
    """
    sheets = [assets.font_css(), *(template_source(style) for style in styles)]
    sources = " ".join(assets.hash_source(sheet) for sheet in sheets)
    policy = (
        f"default-src 'none'; style-src {sources}; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return fragment(template, policy=policy, styles=sheets, **values)


def fragment(template: str, **values: Any) -> str:
    """Write a part of a page from a template, without styles.

    Parameters
    ----------
    template
        File in ``templates``.
    **values
        What the template names; texts are escaped.

    Returns
    -------
    html
        The part.
    """
    return str(_environment().get_template(template).render(**values))


def template_source(name: str) -> str:
    """Return a file of the folder ``templates``."""
    return (files("ecity_geo.outputs") / "templates" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(template_source),
    )
    environment.filters["place"] = _place
    return environment


def _place(share: float) -> str:
    """Place a percentage in a drawing that is 120 wide, with a margin of 4."""
    return f"{4 + 1.12 * min(max(share, 0.0), 100.0):.1f}"
