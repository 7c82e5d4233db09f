#!/bin/sh
# Submits a request to Mezzotint's REST API, waits for the job and fetches its files.
#
#   sh client.sh REQUEST.json FOLDER
#   sh client.sh cancel ID
#
# WORKER_URL is the address of a worker (http://localhost:8080), WORKER_TOKEN its token.
# Members of the answers are found with grep and cut; with jq this is shorter.
set -eu
url=${WORKER_URL:-http://localhost:8080}

call() { # PATH [OPTION OF CURL...]; prints the answer, fails if the call is refused
  path=$1
  shift
  curl -sS --fail-with-body -H 'Content-Type: application/json' \
    ${WORKER_TOKEN:+-H "Authorization: Bearer $WORKER_TOKEN"} "$@" "$url$path"
}

member() { # NAME; the values of all strings of this name on standard input
  grep -o "\"$1\":\"[^\"]*\"" | cut -d '"' -f 4
}

if [ $# -ne 2 ]; then
  echo "usage: sh client.sh REQUEST.json FOLDER | cancel ID" >&2
  exit 1
elif [ "$1" = cancel ]; then
  call "/api/jobs/$2/cancel" -d '{}'
  exit
fi

if ! answer=$(call /api/jobs --data-binary "@$1"); then
  echo "$answer" >&2
  exit 1
fi
id=$(echo "$answer" | member id | head -n 1)
state=queued
while [ "$state" = queued ] || [ "$state" = running ]; do
  sleep 0.5
  job=$(call "/api/jobs/$id")
  state=$(echo "$job" | member state | head -n 1)
done
if [ "$state" != completed ]; then
  echo "$job" >&2
  exit 1
fi
# Up to 500 images; the next ones are at &offset=500.
call "/api/jobs/$id/results?limit=500" | member path | while read -r file; do
  target=$2/${file#*"/$id/files/"}
  mkdir -p "$(dirname "$target")"
  call "$file" -o "$target"
done
echo "$id completed"
