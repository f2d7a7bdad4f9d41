"""What operators ask of a machine and of a process: health, metrics, doctor, bench."""
