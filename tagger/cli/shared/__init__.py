"""Commands that share the tagging of many photos among processes and machines."""
