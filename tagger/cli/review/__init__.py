"""`tagger review`: a full-screen program in which one key decides about a photo."""
