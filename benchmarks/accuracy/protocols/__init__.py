"""One module a family of protocols, with a `FAMILY`."""
