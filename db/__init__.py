"""The tag store; only this package imports SQLAlchemy."""
