"""A module that cannot be imported."""

import no_such_dependency  # noqa: F401
