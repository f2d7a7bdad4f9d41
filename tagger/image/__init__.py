"""From a file to pixels: decode, upright, preprocess, hash; in this process or in decoder processes."""
