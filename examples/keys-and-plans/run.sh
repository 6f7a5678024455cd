#!/usr/bin/env bash
# Sells three calls a month of an HTTP API to Joe.
source "$(dirname "$0")/../lib.sh"

start_upstream
deploy "upstream=$upstream"

plan=$(aws apigateway create-usage-plan --name bronze --api-stages "apiId=$api,stage=dev" \
    --throttle rateLimit=100,burstLimit=100 --quota limit=3,period=MONTH --query id)
read -r id key < <(aws apigateway create-api-key --name joe --enabled --query '[id, value]')
aws apigateway create-usage-plan-key --usage-plan-id "$plan" --key-id "$id" --key-type API_KEY >/dev/null
later unsell "$plan" "$id"

call "nobody" "$url/pets"
for number in 1 2 3 4; do
    call "joe, call $number" "$url/pets?page=$number" --header "x-api-key: $key"
done
call_for_headers "what joe is told" "ratelimit-policy|x-amzn-errortype" "$url/pets" --header "x-api-key: $key"

# The counts are in the report within a second of the call.
today=$(date -u +%F)
usage() {
    aws apigateway get-usage --usage-plan-id "$plan" --key-id "$id" --start-date "$today" --end-date "$today" \
        --query "items.\"$id\"[0]"
}
for _ in 1 2 3; do
    report=$(usage)
    [ "${report%%[[:space:]]*}" = 3 ] && break
done
echo "used and left:" $report
