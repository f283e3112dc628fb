"""Figures and confusion matrices as printed in papers: what they imply, and can they be?"""

from covidcls.audit.published.matrix import Matrix
from covidcls.audit.published.table import PublishedTable, check_table
from covidcls.audit.published.wording import TableFinding

__all__ = ["Matrix", "PublishedTable", "TableFinding", "check_table"]
