#!/bin/sh
# Print the Python to set up with: the one named, else the newest of 3.13, 3.12 and 3.11 that is installed and works.
works='import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'
for python in ${1:-python3.13 python3.12 python3.11 python3 python}; do
    if "$python" -c "$works" >/dev/null 2>&1; then
        echo "$python"
        exit 0
    fi
done
echo "${1:+$1 can't be used. }The project needs Python 3.11, 3.12 or 3.13 with its venv module: install one (on Debian: apt-get install python3 python3-venv) or name it, make PYTHON=/path/to/python" >&2
exit 1
