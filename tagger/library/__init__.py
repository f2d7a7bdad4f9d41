"""One run over a library: scan, plan, tag, record, report."""
