"""From folders of photos to a manifest that says which photo belongs to which split."""
