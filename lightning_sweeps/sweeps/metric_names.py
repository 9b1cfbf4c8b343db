"""What the name of a metric says about its goal."""

from __future__ import annotations

import re

from lightning_sweeps.messages import Goal

_MAXIMIZED = """
    acc accuracy ap auc auroc bleu dice f1 fscore iou jaccard map miou precision psnr r2 recall return reward rouge ssim
"""
_MINIMIZED = "cer err error fid latency loss mae mape mse nll perplexity ppl rmse wer"
_OPPOSITE = "inv inverse minus neg negative"

_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*")


def usual_goal(name: str) -> Goal | None:
    """Return the goal of metrics with such a name, or None if the name does not tell."""
    found = [word.lower() for word in _WORD.findall(name)]
    words = {*found, *(word.rstrip("0123456789") for word in found)}
    is_maximized, is_minimized, is_opposite = (
        not words.isdisjoint(known.split()) for known in (_MAXIMIZED, _MINIMIZED, _OPPOSITE)
    )
    if is_opposite or is_maximized == is_minimized:
        return None
    return "maximize" if is_maximized else "minimize"
