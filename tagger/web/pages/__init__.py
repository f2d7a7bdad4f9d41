"""The pages of the gallery: each route reads, and renders a template."""
