"""Pictures of a run, drawn with matplotlib where it is installed (`pip install 'emnesy[examples]'`)."""
