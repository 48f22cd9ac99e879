"""Sphinx extension: buttons that need a public address (repository, source, edit, Binder, Colab), where there is one.

The address comes from one place, the environment variable GITHUB_REPOSITORY ("owner/name"), which GitHub's workflows
set. Without it the book has no such button: none is better than one that leads nowhere.
"""

import os
import re

from sphinx.errors import ConfigError

# train-wgan-gp-lam5 is a page of train.ipynb, own-tables one of tables.ipynb; no notebook's name has a hyphen.
PAGE = re.compile(r"notebooks/(?:own-)?(\w+)[\w-]*\.ipynb")


def configure(app, config):
    """Fill the theme's options in from GITHUB_REPOSITORY."""
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    if not repository:
        return
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ConfigError(
            f"GITHUB_REPOSITORY must be owner/name, got {repository!r}; unset it for a book without buttons"
        )
    config.html_theme_options |= {
        "repository_url": f"https://github.com/{repository}",
        "repository_branch": "main",
        "use_repository_button": True,
        "use_source_button": True,
        "use_edit_page_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }


def source(url):
    """The address as the theme makes it → that of the file in the repository; edited are the notebooks' .py sources."""
    if "://" not in url:
        return url  # the page's own notebook, outputs included, lies in the book
    url = PAGE.sub(r"notebooks/\1.ipynb", url)
    if re.search(r"github\.com/[^/]+/[^/]+/(edit|blob)/", url):
        url = re.sub(r"(/notebooks/[\w-]+)\.ipynb", r"\1.py", url)
    return url


def correct(app, pagename, templatename, context, doctree):
    """Lead every button of a page to a file that the repository has."""
    for button in context.get("header_buttons", []):
        for one in button.get("buttons", [button]):
            if "url" in one:
                one["url"] = source(one["url"])


def setup(app):
    app.connect("config-inited", configure)
    app.connect("html-page-context", correct, priority=900)  # after the theme has made them
    return {"parallel_read_safe": True}
