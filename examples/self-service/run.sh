#!/usr/bin/env bash
# Enables the self-service app, gives out a key with it, and asks what it used.
source "$(dirname "$0")/../lib.sh"

# Those who may give out keys, and what is sold.
admins=$(aws apigateway create-usage-plan --name admins --throttle rateLimit=10,burstLimit=20 --query id)
later aws apigateway delete-usage-plan --usage-plan-id "$admins"
read -r id admin < <(aws apigateway create-api-key --name ann --enabled --query '[id, value]')
aws apigateway create-usage-plan-key --usage-plan-id "$admins" --key-id "$id" --key-type API_KEY >/dev/null
later aws apigateway delete-api-key --api-key "$id"
free=$(aws apigateway create-usage-plan --name free --quota limit=5,period=DAY --query id)
later aws apigateway delete-usage-plan --usage-plan-id "$free"

operate self-service enable --stage dev --admin-plan admins >"$scratch/said"
later operate self-service disable
url=$(sed -n 's/^stage dev is called at //p' "$scratch/said")
today=$(date -u +%F)

# One member of the JSON object in the last answer.
member() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$scratch/answer" "$1"
}

status() {
    echo "$1: $(curl --silent --output "$scratch/answer" --write-out '%{http_code}' "${@:2}")"
}

status "plans" --request GET --url "$url/getUsagePlans" --header "x-api-key: $admin"
python3 -c 'import json, sys; print(sorted(plan["name"] for plan in json.load(open(sys.argv[1]))["items"]))' "$scratch/answer"

status "a key for john" --request POST --url "$url/addKey?name=johndoe%40mail.com&usagePlanId=$free" \
    --header "x-api-key: $admin"
john=$(member apiKeyId) value=$(member apiKeyToken)
later aws apigateway delete-api-key --api-key "$john"

status "his usage" --request GET --url "$url/getUsage?from=$today&to=$today&usagePlanId=$free&keyId=$john" \
    --header "x-api-key: $admin"
python3 -c 'import json, sys; print(list(json.load(open(sys.argv[1]))["items"].values()))' "$scratch/answer"

call "john makes himself a key" --request POST --url "$url/addKey?name=more&usagePlanId=$free" \
    --header "x-api-key: $value"
call "nobody asks for plans" --request GET --url "$url/getUsagePlans"
call "a key for another administrator" --request POST --url "$url/addKey?name=eve&usagePlanId=$admins" \
    --header "x-api-key: $admin"
call "a plan that is not there" --request POST --url "$url/addKey?name=eve&usagePlanId=nope42" \
    --header "x-api-key: $admin"
echo "keys: $(aws apigateway get-api-keys --query 'sort(items[].name)' | tr '\t' ' ')"
