#!/bin/bash
# Check the process's health and print why it fails. bash can speak HTTP, so the image needs no curl.
# Usage: health.sh PORT                       e.g. health.sh 9464
set -eu

exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /health HTTP/1.0\r\n\r\n' >&3
answer=$(timeout 10 cat <&3)
printf '%s\n' "${answer##*$'\r\n'}"
case $answer in
  "HTTP/1."?" 200 "*) exit 0 ;;
  *) exit 1 ;;
esac
