"""The corpus stays as large as it was promised to be."""

import pytest

from differential.corpus import file_name, files, read


@pytest.mark.parametrize(("area", "least"), [("tracking", 400), ("registry", 250)])
def test_number_of_requests(area: str, least: int) -> None:
    requests = [
        request for path in files() if file_name(path).startswith(f"{area}/") for request in read(path)
    ]
    assert len(requests) >= least
    assert len({request.identifier for request in requests}) == len(requests)
