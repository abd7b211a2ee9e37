"""Draws the curves as one figure: precision against recall above, reliability below, a column for each language."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from deploy.severity.curves import Calibration, Curve

LANGUAGES = {"zh": "Chinese", "en": "English"}
INKS = ("#c1432e", "#2f6f9f", "#4d8b57", "#8a6d3b")
"""The gravest level first."""
MARKERS = {"raises": "o", "suspects": "^", "doubts": "D"}
MEANINGS = {
    "raises": "likely without a pattern",
    "suspects": "suspected without a pattern",
    "doubts": "below: a strong pattern is to be confirmed",
}
_WIDE = 0.85
"""Further right a label stands to the left of its mark."""
QUIET, FAINT = "#5f6368", "#dadce0"
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": "#202124",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#eceff1",
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "svg.hashsalt": "severity",
}


def draw(curves: Sequence[Curve], calibrations: Sequence[Calibration], path: Path) -> None:
    """Writes the figure as SVG; the same curves give the same file."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.4 * len(calibrations), 9.2), layout="constrained")
        rows = figure.subplots(2, len(calibrations), squeeze=False, height_ratios=(1.25, 1))
        levels = list(dict.fromkeys(curve.level for curve in reversed(curves)))
        inks = dict(zip(levels, INKS, strict=False))
        for upper, lower, calibration in zip(*rows, calibrations, strict=True):
            of_language = [curve for curve in curves if curve.language == calibration.language]
            _draw_precision(upper, of_language, inks, LANGUAGES[calibration.language])
            _draw_reliability(lower, calibration, LANGUAGES[calibration.language])
        figure.legend(handles=_legend(), loc="outside lower center", ncols=3, frameon=False, fontsize=9)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_precision(axes: Axes, curves: Sequence[Curve], inks: dict[str, str], language: str) -> None:
    axes.set_title(f"{language}: precision against recall", loc="left", weight="bold")
    axes.set(xlim=(-0.02, 1.02), ylim=(0, 1.08), xlabel="recall: of all of the level", ylabel="precision")
    for at, curve in enumerate(curves):
        ink = inks[curve.level]
        axes.plot(*zip(*((point.recall, point.precision) for point in curve.points), strict=True), color=ink)
        label = f"{curve.level.replace('_', ' ')} ({curve.positives})"
        axes.text(0.04, 0.08 + 0.07 * at, label, color=ink, weight="bold")
        for name, point in curve.marks.items():
            axes.plot(
                point.recall, point.precision, MARKERS[name], color=ink, markeredgecolor="white", markersize=9
            )
            axes.annotate(
                f"{point.threshold:.2f}",
                (point.recall, point.precision),
                xytext=(-8 if point.recall > _WIDE else 8, -13 if at == 0 and len(curves) > 1 else 6),
                ha="right" if point.recall > _WIDE else "left",
                textcoords="offset points",
                color=ink,
                fontsize=9,
            )


def _draw_reliability(axes: Axes, calibration: Calibration, language: str) -> None:
    axes.set_title(f"{language}: reliability of probabilities", loc="left", weight="bold")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.08), xlabel="probability said", ylabel="share that was there")
    axes.plot((0, 1), (0, 1), color=FAINT, linestyle="--", zorder=1)
    axes.text(0.9, 0.83, "as said", color=QUIET, fontsize=9)
    axes.plot(
        *zip(*((place.probability, place.share) for place in calibration.bins), strict=True),
        "o-",
        color="#202124",
    )
    for place in calibration.bins:
        axes.annotate(
            str(place.count),
            (place.probability, place.share),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=QUIET,
        )


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], marker=MARKERS[name], linestyle="", color=QUIET, label=f"{name}: {MEANINGS[name]}")
        for name in MARKERS
    ]
