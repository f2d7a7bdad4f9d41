"""From weights to a bundle, its reports and its model card."""
