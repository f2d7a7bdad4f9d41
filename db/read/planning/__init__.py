"""Where a listing looks for its photos: with an index, or in the blocks of photos that may have some."""
