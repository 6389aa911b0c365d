"""What a run leaves behind: model file, checkpoint, history, pictures, all written atomically."""
