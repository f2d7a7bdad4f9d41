"""Commands that store, export and import what people decide."""
