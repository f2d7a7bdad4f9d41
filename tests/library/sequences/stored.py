"""What the store has, in the reference model's terms."""

from __future__ import annotations

from collections.abc import Mapping

from db.engine import Store


def stored_contents(store: Store) -> list[str]:
    """The sha256 of all contents that the store knows."""
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT sha256 FROM photo UNION SELECT sha256 FROM variant ORDER BY 1")
        return list(rows.scalars())


def stored_answers(
    store: Store, pictures: Mapping[str, str]
) -> dict[tuple[str, str], tuple[object, int, dict[int, tuple[str, int]]]]:
    """The state of each answer, its run and its ranks, by picture and model."""
    stored: dict[tuple[str, str], tuple[object, int, dict[int, tuple[str, int]]]] = {}
    with store.read() as connection:
        assessments = connection.exec_driver_sql(
            "SELECT sha256, name, status, k, run_id FROM assessment JOIN photo ON photo.id = photo_id "
            "JOIN model ON model.id = assessment.model_id"
        )
        for sha256, name, status, k, run in assessments.all():
            stored[pictures[sha256], name] = ("undone" if status == "undone" else k, run, {})
        suggestions = connection.exec_driver_sql(
            "SELECT sha256, model.name, rank, key, run_id FROM suggestion JOIN photo ON photo.id = photo_id "
            "JOIN model ON model.id = suggestion.model_id JOIN landmark ON landmark.id = landmark_id"
        )
        for sha256, name, rank, landmark, run in suggestions.all():
            stored[pictures[sha256], name][2][rank] = (landmark, run)
    return stored
