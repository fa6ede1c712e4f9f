"""Programs × engines: expectations, oracles, metamorphic and differential tests."""
