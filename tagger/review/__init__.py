"""People review the model's answers: which photos, in which order, and what each decision does."""
