"""Starts and stops what the tests talk to: servers, databases and client programs."""
