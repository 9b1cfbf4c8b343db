"""Contract tests that any implementation of an extension point must pass, including one in your own package.

Each module has one class with `test_*` methods. Subclass it in your tests and override its fixture. The tests need
pytest. For example::

    from lightning_sweeps.testing.launcher import LauncherContract


    class TestMyLauncher(LauncherContract):
        @pytest.fixture
        def launcher(self):
            return MyLauncher(MyOptions(), read_settings())
"""
