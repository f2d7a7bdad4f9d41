#!/bin/sh
# Install the tagger and its dependencies into a virtual environment of its own.
# Usage: install.sh SOURCE TARGET EXTRAS      e.g. install.sh /src /opt/tagger bot,heif,schedule,watch,web,xmp
set -eu

source_folder=$1
target=$2
extras=$3

python3 -m venv "$target"
"$target/bin/python" -m pip install --no-cache-dir --disable-pip-version-check --quiet "$source_folder[$extras]"

# pip has compiled the modules, because the image will be read-only; pip itself is no longer needed.
"$target/bin/python" -m pip uninstall --yes --quiet pip
