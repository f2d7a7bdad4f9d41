"""From folders of photos to a manifest: which photo belongs to which split, checked."""
