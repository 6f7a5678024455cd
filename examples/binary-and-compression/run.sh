#!/usr/bin/env bash
# Carries bytes through an API that otherwise speaks text, and compresses what is long.
source "$(dirname "$0")/../lib.sh"

start_upstream
deploy "upstream=$upstream"

printf '\x89PNG\r\n\x1a\n' >"$scratch/rex.png"
call "put a picture" "$url/pictures/rex" --request PUT --header "Content-Type: image/png" \
    --data-binary "@$scratch/rex.png"
curl --silent "$url/pictures/rex" --header "Accept: image/png" --output "$scratch/back.png"
cmp "$scratch/rex.png" "$scratch/back.png" && echo "got it back, byte for byte"

call_for_headers "a long list" "content-(encoding|length)" "$url/list"
call_for_headers "the same, compressed" "content-encoding" "$url/list" --header "Accept-Encoding: gzip"
echo "the same, expanded: $(curl --silent --compressed "$url/list" | wc -c) bytes"
