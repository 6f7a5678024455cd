#!/usr/bin/env bash
# Runs a function in Python, and changes it while it serves.
source "$(dirname "$0")/../lib.sh"

make_function example-python python3.12 app.handler app.py
aws lambda update-function-configuration --function-name example-python \
    --environment 'Variables={GREETING=welcome}' >/dev/null
deploy
sell

call "a call" "$url/hello/joe?tag=red&tag=blue" --header "x-api-key: $key"
call_for_headers "its headers" "content-type|set-cookie" "$url/hello/joe" --header "x-api-key: $key"

aws lambda update-function-configuration --function-name example-python \
    --environment 'Variables={GREETING=good-bye}' >/dev/null
call "after a change" "$url/hello/joe" --header "x-api-key: $key"
