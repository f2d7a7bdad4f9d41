"""The tag store: SQLAlchemy lives here and nowhere else."""
