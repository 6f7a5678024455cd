#!/usr/bin/env bash
# Deploys a Serverless project with one caller, whose key and plan are in its serverless.yml.
source "$(dirname "$0")/../lib.sh"

deploy_serverless warranty-dev
key=$(python3 -c 'import json; print(json.load(open("keys.json"))["batch"])')

update() {
    call "$1" "$url/registrations/7/warranty" --request PUT --data '{"years": 2}' "${@:2}"
}

update "no key"
update "the batch" --header "x-api-key: $key"
call_for_headers "a browser asks" 'access-control-allow-methods' "$url/registrations/7/warranty" --request OPTIONS
echo "the plan: $(aws apigateway get-usage-plans --query 'items[0].[quota.limit, quota.offset, quota.period, throttle.burstLimit, throttle.rateLimit]' | tr '\t' ' ')"
