"""Tables: from the bytes of a file, or a frame, to typed columns of which every cell has a place."""
