"""The columns of chapter 20 and how they are written, on each scale."""

_FIGURES = ("estimate", "conf_low", "conf_high", "prediction_low", "prediction_high")
POOLED_LABELS = {
    "analysis": "",
    "effect_on": "",
    "effect_of": "",
    "horizon_months": "",
    "n_municipalities": "",
    "estimate": "mean",
    **dict.fromkeys(_FIGURES[1:], ""),
}
POOLED_RATIOS = dict.fromkeys(_FIGURES, "exp.2")
POOLED_POINTS = dict.fromkeys(_FIGURES, ".1")
POOLED_SHARES = dict.fromkeys(_FIGURES, "%0")
OWN_LABELS = {
    "municipality_id": "",
    "own_estimate": "",
    "own_low": "",
    "own_high": "",
    "estimate": "together with all others",
    "conf_low": "",
    "conf_high": "",
}
OWN_RATIOS = dict.fromkeys(list(OWN_LABELS)[1:], "exp.2")
OWN_POINTS = dict.fromkeys(list(OWN_LABELS)[1:], ".1")
