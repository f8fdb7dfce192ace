"""What people call the arms of the experiments."""

from collections.abc import Mapping

ARMS: Mapping[str, str] = {
    "vanilla": "plain",
    "s2c2": "S2C2",
    "s2c2-share": "S2C2, p_A measured",
    "cc": "+ CC",
    "cc-share": "+ CC, p_A measured",
    "ce-inverse": "+ CE⁻¹",
    "vanilla-readout": "plain, with a readout",
    "s2c2-readout": "S2C2, with a readout",
    "weaker-readout": "plain, weaker unlabeled loss, with a readout",
    **{
        f"{arm}-weight-{weight}": f"{name}, unlabeled weight {weight}"
        for arm, name in (("vanilla", "plain"), ("s2c2", "S2C2"))
        for weight in (5, 10, 20, 50)
    },
    "doubt": "S2C2, evidence=confidence",
    "vanilla-votes": "plain, 5 votes",
    "s2c2-votes": "S2C2, 5 votes",
    "evidence": "S2C2, evidence=confidence",
    "evidence-votes": "S2C2, evidence=confidence, 5 votes",
    "views": "S2C2, evidence=views",
    "vanilla-batch": "plain, batch four times as large",
    "s2c2-batch": "S2C2, batch four times as large",
    "readout-batch": "readout, batch four times as large",
    "vanilla-soft": "plain, every vote of a labeled image",
    "s2c2-soft": "S2C2, every vote of a labeled image",
    "readout-soft": "readout, every vote of a labeled image",
    "gradient": "S2C2, gradient=true",
    "scaled": "S2C2, scale_labeled=true",
    "s2c2-balanced": "S2C2, balanced targets",
    "s2c2-balanced-strong": "S2C2, balanced targets, λ_s = 1",
    "cc-balanced": "+ CC, balanced targets",
    "cc-balanced-strong": "+ CC, balanced targets, λ_s = 1",
    "readout": "readout",
    "readout-share": "readout, p_A measured",
    "readout-views": "readout, views",
    "readout-views-equal": "readout, views, against plain with views",
    "readout-share-views": "readout, p_A measured, views",
    "readout-share-views-equal": "readout, p_A measured, views, against plain with views",
    "readout-votes": "readout, 5 votes",
    "supervised-votes": "S2C2, votes=0.1, 5 votes",
    "supervised-evidence-votes": "S2C2, votes=0.1, evidence=confidence, 5 votes",
    "supervised-clusters-votes": "S2C2, votes=0.1, prototypes, 5 votes",
    "vanilla-probe": "plain, probe",
    "vanilla-probe-votes": "plain, probe, 5 votes",
    "readout-probe": "readout, probe",
    "readout-probe-same": "readout, probe, against plain with probe",
    "readout-probe-votes": "readout, probe, 5 votes",
    "vanilla-readout-probe": "plain, with a readout, probe",
    "vanilla-readout-probe-votes": "plain, with a readout, probe, 5 votes",
    "readout-probe-votes-same": "readout, probe, 5 votes, against plain with probe",
    "readout-probe-crossfit-votes": "readout, probe cross-fitted, 5 votes",
    "vanilla-readout-probe-crossfit-votes": "plain, with a readout, probe cross-fitted, 5 votes",
    "readout-spread-crossfit-votes": "readout, spread labels, cross-fitted, 5 votes",
    "vanilla-readout-spread-crossfit-votes": "plain, with a readout, spread labels, cross-fitted, 5 votes",
    "readout-spread": "readout, spread labels",
    "readout-spread-votes": "readout, spread labels, 5 votes",
    "vanilla-readout-spread": "plain, with a readout, spread labels",
    "vanilla-readout-spread-votes": "plain, with a readout, spread labels, 5 votes",
    **{
        f"{arm}readout-{classes}-views{votes}{equal}": f"{network}{label}, views{cast}{against}"
        for arm, network in (("", ""), ("vanilla-", "plain, with a "))
        for classes, label in (("probe", "readout, probe"), ("spread", "readout, spread labels"))
        for votes, cast in (("", ""), ("-votes", ", 5 votes"))
        for equal, against in (("", ""), ("-equal", ", against plain with views"))
    },
    "vanilla-views": "plain, views",
    "vanilla-views-votes": "plain, views, 5 votes",
    "every-label": "plain, with a readout, probe, every image labeled",
    "every-vote": "plain, with a readout, probe, every vote",
    **{
        f"deep-{votes}{ending}": f"{images} the images, {votes} votes each{read}"
        for votes, images in ((2, "half"), (3, "a third of"), (5, "a fifth of"))
        for ending, read in (("", ""), ("-doubt", ", by doubt"))
    },
    "majority": "majority label",
    "soft": "soft label",
    "undisputed": "disputed images removed",
    "bfloat16": "bfloat16, joined views",
    "bfloat16-apart": "bfloat16, views apart",
    "bfloat16-lean": "bfloat16, lean",
}
"""Names of arms for people; others are called as they are."""
