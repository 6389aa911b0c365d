"""What predictions are worth beyond one number: how sure it is, where it holds, and beside another model."""
