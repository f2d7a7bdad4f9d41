"""`tagger web`: the gallery, and who may log in."""
