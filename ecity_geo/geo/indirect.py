"""Files whose text sends GDAL to other data, whatever they are called."""

from __future__ import annotations

import re

HEAD = 65_536
"""Bytes from the start of a file that are looked at."""

# VRT, web services, tile indexes, and streamed algorithms.
_INDIRECT = re.compile(
    rb"<\s*(VRTDataset|OGR\w*DataSource|GDAL\w*|WCS_\w+|WMS\w*|WFS\w*|WMTS\w*|TMS\w*|MRF_META)"
    rb"|gdal_streamed_alg|gdal_mdim",
    re.IGNORECASE,
)


def points_elsewhere(head: bytes) -> bool:
    """Tell whether GDAL would fetch what a text names in place of reading the file.

    Parameters
    ----------
    head
        First bytes of a file.

    Returns
    -------
    elsewhere
        Whether they hold such a text.
    """
    return _INDIRECT.search(head) is not None
