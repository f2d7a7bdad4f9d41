#!/bin/sh
# Create the data folder, owned by the numeric user id that the process runs as. A number needs no entry in /etc/passwd.
# Usage: prepare.sh FOLDER OWNER              e.g. prepare.sh /data 10001
set -eu

install -d -m 0700 -o "$2" -g "$2" "$1"
