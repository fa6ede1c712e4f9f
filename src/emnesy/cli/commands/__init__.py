"""One file per command, found by looking into this folder.

A file ``name.py`` defines either

- ``command``: a function with Typer's annotations, registered under the file's name, its docstring
  as the help; or
- ``register(app)``: for a command that needs more than that.

A command raises `EmnesyError` for the user's mistakes and lets `main` show them. It returns an exit
code, or None for success. Heavy imports (torch, the engines) belong into the function, so that
``emnesy check`` starts fast.
"""
