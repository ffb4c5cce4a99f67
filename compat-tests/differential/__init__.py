"""Replays the same requests on stock MLflow and on the server under test, and compares the replies."""
