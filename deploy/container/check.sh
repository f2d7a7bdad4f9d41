#!/bin/sh
# Check the installation: open the model, run it once, make a database. If that fails, no image is built.
# Usage: check.sh TAGGER                      e.g. check.sh /opt/tagger/bin/tagger
set -eu

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export XDG_CACHE_HOME="$place/cache" XDG_DATA_HOME="$place/data" XDG_CONFIG_HOME="$place/config"

"$1" --version
"$1" doctor --device cpu --db "$place/tagger.sqlite"
"$1" jobs run backup --db "$place/tagger.sqlite"
"$1" jobs --db "$place/tagger.sqlite"
