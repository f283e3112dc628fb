"""The audit for a reader: plain words, a page with pictures, and a record."""

from covidcls.audit.report.page import render
from covidcls.audit.report.record import record_of
from covidcls.audit.report.verdicts import Verdict, looked_at, verdicts

__all__ = ["Verdict", "looked_at", "record_of", "render", "verdicts"]
