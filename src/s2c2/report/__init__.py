"""One page that shows what runs learned: scores, figures and images in a single file. No torch."""

from s2c2.report.page import own, report

__all__ = ["own", "report"]
