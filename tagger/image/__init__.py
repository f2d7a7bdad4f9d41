"""From a file to pixels: decode, rotate, preprocess, hash; in this process or in decoder processes."""
