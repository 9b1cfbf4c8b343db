"""Contract tests that any implementation of an extension point must pass, also one in your own package.

Each module has one class with `test_*` methods. Subclass it in your tests and override its fixture. The tests need
pytest.
"""
