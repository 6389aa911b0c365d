"""Work that several workers do at once, each its own part: in turn, in threads, or in processes."""
