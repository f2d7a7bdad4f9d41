"""From a file to pixels: decode, turn upright, preprocess, hash; in this process or in decoder processes."""
