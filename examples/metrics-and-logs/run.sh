#!/usr/bin/env bash
# Shows what an operator sees of calls: metrics, and the access log of a stage in a format of its own.
source "$(dirname "$0")/../lib.sh"

export TOLLGATE_ACCESS_LOG__TO=files TOLLGATE_ACCESS_LOG__FOLDER=$scratch/logs
start_tollgate
start_upstream
deploy "upstream=$upstream"
sell --quota limit=2,period=MONTH

aws apigateway update-stage --rest-api-id "$api" --stage-name dev --patch-operations \
    op=replace,path=/accessLogSettings/destinationArn,value=arn:aws:logs:us-east-1:000000000000:log-group:pets \
    'op=replace,path=/accessLogSettings/format,value="$context.requestId $context.httpMethod $context.path $context.status $context.responseLength $context.error.responseType"' >/dev/null

for number in 1 2 3; do
    call "call $number" "$url/pets/$number" --header "x-api-key: $key"
done
call "nobody" "$url/pets"

echo "the access log, without the ids of calls:"
until [ "$(wc -l <"$scratch/logs/pets.log")" -ge 4 ]; do :; done 2>/dev/null
cut -d ' ' -f 2- "$scratch/logs/pets.log" | sed 's/^/  /'

echo "metrics:"
curl --silent "$AWS_ENDPOINT_URL/metrics" >"$scratch/metrics"
grep -E '^tollgate_(refusals_total|plan_calls_total|requests_total|ledger_up)' "$scratch/metrics" |
    sed -E 's/(api|plan)="[^"]*"/\1="…"/; s/^/  /' | sort
