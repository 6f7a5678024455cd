#!/usr/bin/env bash
# Deploys an app that gives out keys, gives one out, and asks what it used.
source "$(dirname "$0")/../lib.sh"

cp -r . "$scratch/project" && cd "$scratch/project"
# With NODE_PATH, what the app is made of has been installed elsewhere.
if [ -z "${NODE_PATH:-}" ]; then npm ci --silent >>"$scratch/log"; fi
npm run --silent build
later delete_stack self-service-dev
said=$(operate deploy --serverless . 2>>"$scratch/log")
url=$(sed -n 's/^stage .* is called at //p' <<<"$said")
plan=$(sed -n 's/^FreePlanId = //p' <<<"$said")
admin=the-key-of-the-administrator
today=$(date -u +%F)

# One member of the JSON object in a file.
member() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"
}

status() {
    echo "$1: $(curl --silent --output "$scratch/answer" --write-out '%{http_code}' "${@:2}")"
}

status "plans" "$url/getUsagePlans" --header "x-api-key: $admin"
python3 -c 'import json, sys; print(sorted(plan["name"] for plan in json.load(open(sys.argv[1]))["items"]))' "$scratch/answer"

own=$(python3 -c 'import json, sys
print(next(plan["id"] for plan in json.load(open(sys.argv[1]))["items"] if plan["name"] != "free"))' "$scratch/answer")

status "usage of a plan without keys" "$url/getUsage?from=$today&to=$today&usagePlanId=$plan" --header "x-api-key: $admin"
status "a key for john" "$url/addKey?name=johndoe%40mail.com&usagePlanId=$plan" --request POST --header "x-api-key: $admin"
john=$(member "$scratch/answer" apiKeyId) value=$(member "$scratch/answer" apiKeyToken)
later aws apigateway delete-api-key --api-key "$john"
status "his usage" "$url/getUsage?from=$today&to=$today&usagePlanId=$plan&keyId=$john" --header "x-api-key: $admin"
python3 -c 'import json, sys; print(list(json.load(open(sys.argv[1]))["items"].values()))' "$scratch/answer"

status "john makes himself a key" "$url/addKey?name=more&usagePlanId=$plan" --request POST --header "x-api-key: $value"
status "a key for another administrator" "$url/addKey?name=eve&usagePlanId=$own" --request POST --header "x-api-key: $admin"
status "a plan that is not there" "$url/addKey?name=eve&usagePlanId=nope42" --request POST --header "x-api-key: $admin"
echo "keys: $(aws apigateway get-api-keys --query 'sort(items[].name)' | tr '\t' ' ')"
