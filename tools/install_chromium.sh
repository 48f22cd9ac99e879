#!/bin/sh
# The browser that tests/browser drives, where it may be installed; elsewhere those tests are skipped and say so.
for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null && exit 0; done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get install -qq -y --no-install-recommends chromium >/dev/null ||
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null; } ||
        echo "Chromium could not be installed: the browser tests will be skipped"
else
    echo "No Chromium, and no right to install it (apt-get install chromium): the browser tests will be skipped"
fi
