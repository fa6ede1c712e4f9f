"""What editors need: highlighting (Pygments, TextMate) and a language server."""
