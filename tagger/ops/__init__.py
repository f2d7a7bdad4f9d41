"""Tools for operators: health, metrics, doctor, bench."""
