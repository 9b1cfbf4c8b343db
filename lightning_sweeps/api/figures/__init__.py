"""Draws plotly figures of runs and sweeps, for notebooks and web pages. Needs the extra `figures`.

Example:
    >>> from lightning_sweeps import Api, figures
    >>> with Api() as api:  # doctest: +SKIP
    ...     figures.curves(api, ["RUN", "OTHER"], "val/loss").show()
    ...     figures.parallel(api, "SWEEP").write_html("sweep.html")
"""

from lightning_sweeps.api.figures.curves import curves
from lightning_sweeps.api.figures.search import history, importances, parallel, slices

__all__ = ["curves", "history", "importances", "parallel", "slices"]
