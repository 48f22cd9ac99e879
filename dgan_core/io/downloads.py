"""Files from their official addresses: checked by hash before any use, complete or absent, resumed after a break."""

import functools
import os
from pathlib import Path

WAIT = 30  # seconds for an answer, or for the next piece of one


def cache_folder() -> Path:
    """DGAN_ASSETS, or the user's cache folder."""
    import pooch  # here, since only a download needs it

    return Path(os.environ.get("DGAN_ASSETS") or pooch.os_cache("dgan_core")).expanduser()


def fetch(url: str, name: str, known_hash: str | None, folder: Path) -> Path:
    """The file at `url` as folder/name: from there if it agrees with `known_hash`, else downloaded.

    known_hash: "sha256:…" or "md5:…"; None takes whatever comes, for callers who check it themselves.
    A download that breaks off leaves folder/name.part, from which the next call goes on; a file lands under its name
    only when whole and of that hash. One process downloads at a time, others wait for it.
    ConnectionError where the address can't be reached; ValueError where the content has another hash.
    """
    import pooch
    import requests
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    resume = functools.partial(_resume, partial=folder / f"{name}.part")
    with FileLock(folder / f".{name}.lock"):
        try:
            return Path(pooch.retrieve(url, known_hash, name, folder, downloader=resume))
        except requests.RequestException as error:
            raise ConnectionError(f"{url} could not be fetched ({type(error).__name__})") from error
        except ValueError as error:
            if "hash" not in str(error):
                raise
            raise ValueError(f"{url} does not have the hash {known_hash}") from error


def _resume(url, output_file, _, partial, again=True):
    """A downloader for pooch, which checks the hash of `output_file` and then gives it its name."""
    import requests

    done = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with requests.get(url, stream=True, timeout=WAIT, headers=headers) as answer:
        if answer.status_code == 416 and again:  # nothing follows: it was whole, or another file stands there now
            partial.unlink()
            return _resume(url, output_file, _, partial, again=False)
        answer.raise_for_status()
        with open(partial, "ab" if answer.status_code == 206 else "wb") as file:
            for piece in answer.iter_content(2**16):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    os.replace(partial, output_file)
