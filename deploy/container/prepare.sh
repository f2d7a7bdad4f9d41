#!/bin/sh
# Make the folder for what is kept, owned by the number that the process runs as. No user has to be made for a number.
# Usage: prepare.sh FOLDER OWNER              e.g. prepare.sh /data 10001
set -eu

install -d -m 0700 -o "$2" -g "$2" "$1"
