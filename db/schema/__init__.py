"""The tables, their columns and the views over them."""
