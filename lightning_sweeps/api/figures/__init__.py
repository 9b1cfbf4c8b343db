"""Figures for notebooks and pages: curves of runs, and what a sweep found. They need the extra `figures` (plotly).

from lightning_sweeps import Api, figures

with Api() as api:
    figures.curves(api, ["RUN", "OTHER"], "val/loss").show()
    figures.parallel(api, "SWEEP").write_html("sweep.html")
"""

from lightning_sweeps.api.figures.curves import curves
from lightning_sweeps.api.figures.search import history, importances, parallel, slices

__all__ = ["curves", "history", "importances", "parallel", "slices"]
