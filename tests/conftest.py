"""Settings of all tests."""

from hypothesis import settings

# no test may depend on how fast a machine is, and the same examples are tried every time
settings.register_profile("mlp", deadline=None, derandomize=True, database=None)
settings.load_profile("mlp")
