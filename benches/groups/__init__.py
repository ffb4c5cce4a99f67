"""The groups of measurements: each file has one, in its variable `GROUP`. See `bench.Group`."""
