"""papermill, with its kernels' messages encrypted: a kernel that sends them as plain text complains on every page.

python tools/execute.py NOTEBOOK OUTPUT -p NAME VALUE …        the command line of papermill
"""

import sys

# It builds a grammar of web addresses, 1.6 s, for checks that notebooks don't ask for.
sys.modules["rfc3987_syntax"] = None

from papermill.cli import papermill  # noqa: E402
from papermill.engines import NBClientEngine, papermill_engines  # noqa: E402
from traitlets.config import Config  # noqa: E402


class Encrypted(NBClientEngine):
    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        config = Config({"KernelManager": {"transport_encryption": "auto"}})
        return super().execute_managed_notebook(nb_man, kernel_name, config=config, **options)


if __name__ == "__main__":
    papermill_engines.register("encrypted", Encrypted)
    sys.exit(papermill(["--engine", "encrypted", *sys.argv[1:]], prog_name="papermill"))
