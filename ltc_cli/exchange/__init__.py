"""Files in and out, one format each."""
