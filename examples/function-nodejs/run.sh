#!/usr/bin/env bash
# Runs a function in JavaScript behind a usage plan.
source "$(dirname "$0")/../lib.sh"

make_function example-nodejs nodejs20.x index.handler index.mjs
deploy
sell --quota limit=1000,period=DAY

call "no key" "$url/hello/joe"
call "a call" "$url/hello/joe?page=2" --header "x-api-key: $key"
call "a body" "$url/hello/joe" --header "x-api-key: $key" --data '{"age": 7}'
call "an error" "$url/hello/nobody" --header "x-api-key: $key"

# The same function, called as AWS's tools call it, by the management API.
aws lambda invoke --function-name example-nodejs --payload fileb://event.json "$scratch/answer" >/dev/null
echo "aws lambda invoke: $(cat "$scratch/answer")"
