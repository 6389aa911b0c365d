"""What the report of a finished run says, part by part."""
