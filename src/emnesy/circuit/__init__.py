"""Arithmetic circuits: ground programs compiled to sentential decision diagrams, and their evaluation."""
