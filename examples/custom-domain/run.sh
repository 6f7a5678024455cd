#!/usr/bin/env bash
# Serves two stages under one name of their own, by TLS.
source "$(dirname "$0")/../lib.sh"

certify pets.example
export TOLLGATE_GATEWAY_TLS=127.0.0.1:0
export TOLLGATE_TLS__CERTIFICATES="[{ chain = '$scratch/pets.example.crt', key = '$scratch/pets.example.key' }]"
start_tollgate

deploy
aws apigateway create-deployment --rest-api-id "$api" --stage-name next >/dev/null
aws apigateway create-domain-name --domain-name pets.example --endpoint-configuration types=REGIONAL \
    --regional-certificate-arn arn:aws:acm:us-east-1:000000000000:certificate/any >/dev/null
later aws apigateway delete-domain-name --domain-name pets.example
map() {
    aws apigateway create-base-path-mapping --domain-name pets.example --rest-api-id "$api" \
        --base-path "$1" --stage "$2" >/dev/null
}
map "(none)" dev
map v2 next

# The name is not in the DNS: curl is told where it is, and which certificate to trust.
here=(--connect-to "pets.example:443:$(address gateway_tls)" --cacert "$scratch/pets.example.crt")
call "no base path" https://pets.example/cats "${here[@]}"
call "v2" https://pets.example/v2/cats "${here[@]}"
call "v2, by HTTP/1.1" https://pets.example/v2/cats "${here[@]}" --http1.1
call "another path" https://pets.example/v3/cats "${here[@]}"
call "a load balancer asks" https://pets.example/ping "${here[@]}"

# From now on the API is at its own name alone.
aws apigateway update-rest-api --rest-api-id "$api" \
    --patch-operations op=replace,path=/disableExecuteApiEndpoint,value=true >/dev/null
aws apigateway create-deployment --rest-api-id "$api" --stage-name dev >/dev/null
call "its first address" "$url/cats"
call "its own name" https://pets.example/cats "${here[@]}"
