"""Data set readers and networks of the reference tasks."""
