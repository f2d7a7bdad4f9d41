"""The model: bundle and card, engines, networks, and the pipeline from paths to answers."""
