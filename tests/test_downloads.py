"""Downloads from a server that breaks off, tells lies, or changes its mind."""

import hashlib
import http.server
import threading

import numpy as np
import pytest

from dgan_core.io import weights
from dgan_core.io.downloads import fetch
from dgan_core.io.weights import Published, content, locate

CONTENT = np.random.default_rng(0).bytes(3_000_000)
HASH = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Server(http.server.BaseHTTPRequestHandler):
    """Serves `content` by ranges, and hangs up after `patience` bytes of an answer."""

    content, patience, ranges, asked = CONTENT, 10**9, True, []

    def do_GET(self):
        start, status = 0, 200
        if self.ranges and "Range" in self.headers:
            start, status = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")), 206
        self.asked.append(start)
        if start >= len(self.content):
            self.send_error(416)
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start : start + self.patience])
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """(address, the handler's class with attributes that a test may change)"""
    handler = type("Own", (Server,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}).start()
        yield f"http://127.0.0.1:{httpd.server_port}/file", handler
        httpd.shutdown()


def test_a_download_goes_on_from_where_it_broke_off(server, tmp_path):
    url, handler = server
    handler.patience = 2**20
    for left in (2**20, 2**21):
        with pytest.raises(ConnectionError, match=f"^{url} could not be fetched"):
            fetch(url, "file", HASH, tmp_path)
        assert (tmp_path / "file.part").stat().st_size == left and not (tmp_path / "file").exists()
    assert fetch(url, "file", HASH, tmp_path).read_bytes() == CONTENT
    assert handler.asked == [0, 2**20, 2**21]
    assert not (tmp_path / "file.part").exists()
    assert fetch(url, "file", HASH, tmp_path).read_bytes() == CONTENT and len(handler.asked) == 3  # no more asked


def test_a_server_without_ranges_begins_again(server, tmp_path):
    url, handler = server
    handler.ranges = False
    (tmp_path / "file.part").write_bytes(b"beginning")
    assert fetch(url, "file", HASH, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("part", [CONTENT, CONTENT + b"more"])
def test_a_part_as_long_as_the_file_or_longer_begins_again(server, tmp_path, part):
    (tmp_path / "file.part").write_bytes(part)
    assert fetch(server[0], "file", HASH, tmp_path).read_bytes() == CONTENT


def test_a_tampered_file_never_gets_its_name_and_the_next_call_begins_anew(server, tmp_path):
    url, handler = server
    handler.content = CONTENT[:-1] + b"x"
    with pytest.raises(ValueError, match=f"^{url} does not have the hash {HASH}"):
        fetch(url, "file", HASH, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    (tmp_path / "file.part").write_bytes(b"x" * 1000)  # a beginning of something else
    handler.content = CONTENT
    with pytest.raises(ValueError, match="does not have the hash"):
        fetch(url, "file", HASH, tmp_path)
    assert fetch(url, "file", HASH, tmp_path).read_bytes() == CONTENT


def test_two_at_once_download_it_once(server, tmp_path):
    url, handler = server
    threads = [threading.Thread(target=fetch, args=(url, "file", HASH, tmp_path)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert handler.asked == [0] and (tmp_path / "file").read_bytes() == CONTENT


def test_published_weights_are_checked_wherever_they_lie(server, tmp_path, monkeypatch):
    url, handler = server
    published = Published("file.pth", url, HASH)
    monkeypatch.setenv("DGAN_ASSETS", str(tmp_path))
    path = locate(published)
    assert path == tmp_path / "file.pth" and content(path, published) == CONTENT
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    monkeypatch.setenv("DGAN_ASSETS", f"~/{tmp_path.name}")
    monkeypatch.setattr(weights, "fetch", lambda *_: pytest.fail("a file that is there was asked for"))
    assert locate(published) == path
    path.write_bytes(CONTENT[:-1] + b"x")  # changed on disk since
    with pytest.raises(ValueError, match=f"^{path} must be the published file.pth .sha256 {HASH[7:23]}…., got"):
        content(locate(published), published)
    assert handler.asked == [0]
