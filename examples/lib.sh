# What the examples share: where Tollgate is, an HTTP API to put it before, calls that are printed, and tidying up.
# Each run.sh begins by reading this file. It speaks the AWS CLI and curl, as anybody would.

# shellcheck shell=bash disable=SC2034,SC2154

set -euo pipefail
cd "$(dirname "$0")"

export AWS_PAGER='' AWS_DEFAULT_OUTPUT=text
gateway=${GATEWAY:-http://127.0.0.1:8080}
scratch=$(mktemp -d)
tollgate='' # the process of a Tollgate of the example's own
undo=()

# Remembers a command for the end of the example, before those that it remembered already.
later() {
    undo=("$(printf '%q ' "$@")" "${undo[@]}")
}

tidy() {
    for step in "${undo[@]}"; do eval "$step" >/dev/null || true; done
    if [ -n "$tollgate" ]; then finish "$tollgate"; fi
    rm -rf "$scratch"
}
trap tidy EXIT

# Ends a process of the example's own.
finish() {
    kill "$1" && wait "$1" || true
}

# Starts an HTTP API on a free port that answers what it received (../upstream.py), and sets `upstream` to its address.
start_upstream() {
    exec {from_upstream}< <(exec python3 ../upstream.py)
    later finish $!
    read -r upstream <&"$from_upstream"
}

# Starts a Tollgate of the example's own in a temporary folder and on free ports, with the flags that are given and the
# settings of the environment. From then on `aws` and `gateway` mean this one; `tollgate` is its process id.
start_tollgate() {
    export TOLLGATE_ROOT_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE00
    export TOLLGATE_ROOT_SECRET_ACCESS_KEY=example/example/example/example/example0
    exec {from_tollgate}< <(exec "${TOLLGATE:-tollgate}" serve "$@" --data-dir "$scratch/data" --print-addresses \
        --gateway 127.0.0.1:0 --management 127.0.0.1:0 2>>"$scratch/log")
    tollgate=$!
    read -r addresses <&"$from_tollgate"
    gateway=http://$(address gateway)
    export AWS_ENDPOINT_URL AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=$TOLLGATE_ROOT_ACCESS_KEY_ID
    export AWS_SECRET_ACCESS_KEY=$TOLLGATE_ROOT_SECRET_ACCESS_KEY
    AWS_ENDPOINT_URL=http://$(address management)
}

# Where a listener of that Tollgate is: gateway, gateway_tls, management or management_tls.
address() {
    python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$addresses" "$1"
}

# Makes a certificate for a name, and its key: $scratch/NAME.crt, $scratch/NAME.key.
certify() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -addext "subjectAltName=DNS:$1" -keyout "$scratch/$1.key" -out "$scratch/$1.crt" 2>/dev/null
}

# Makes an API of the document api.yaml and deploys it as the stage `dev`, with stage variables given as NAME=VALUE,….
# Sets `api` to its id and `url` to where it is called.
deploy() {
    api=$(aws apigateway import-rest-api --body fileb://api.yaml --query id)
    later aws apigateway delete-rest-api --rest-api-id "$api"
    aws apigateway create-deployment --rest-api-id "$api" --stage-name dev ${1:+--variables "$1"} >/dev/null
    url=$gateway/_aws/execute-api/$api/dev
}

# Runs `tollgate` with a command, against the Tollgate that `aws` and `gateway` mean.
operate() {
    TOLLGATE_ROOT_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID TOLLGATE_ROOT_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY \
        "${TOLLGATE:-tollgate}" "$@" --management "${AWS_ENDPOINT_URL#http://}" --gateway "${gateway#http://}"
}

# Deploys this folder, a Serverless project, from a copy, and sets `url` to where its stage is called. What the tools say
# on their way is kept in $scratch/log. The stack is deleted in the end.
deploy_serverless() {
    local stack=$1
    mkdir -p "$scratch/project" && cp -r . "$scratch/project"
    later delete_stack "$stack"
    url=$(operate deploy --serverless "$scratch/project" 2>>"$scratch/log" | sed -n 's/^stage .* is called at //p')
}

delete_stack() {
    operate stack delete "$1" 2>>"$scratch/log"
}

# Makes a function of files in this folder: its name, its runtime, its handler, the files.
make_function() {
    local name=$1 runtime=$2 handler=$3 archive=$scratch/$1.zip
    shift 3
    python3 -m zipfile -c "$archive" "$@"
    aws lambda create-function --function-name "$name" --runtime "$runtime" --handler "$handler" \
        --role arn:aws:iam::000000000000:role/any --timeout 20 --zip-file "fileb://$archive" >/dev/null
    later aws lambda delete-function --function-name "$name"
}

# Makes a usage plan for the stage, with the options that are given, and a key in it. Sets `key` to the key's value.
sell() {
    local plan id
    plan=$(aws apigateway create-usage-plan --name bronze --api-stages "apiId=$api,stage=dev" "$@" --query id)
    read -r id key < <(aws apigateway create-api-key --name joe --enabled --query '[id, value]')
    aws apigateway create-usage-plan-key --usage-plan-id "$plan" --key-id "$id" --key-type API_KEY >/dev/null
    later unsell "$plan" "$id"
}

# Deletes a plan and a key. A plan that still covers a stage cannot be deleted.
unsell() {
    aws apigateway update-usage-plan --usage-plan-id "$1" \
        --patch-operations "op=remove,path=/apiStages,value=$api:dev"
    aws apigateway delete-usage-plan --usage-plan-id "$1"
    aws apigateway delete-api-key --api-key "$2"
}

# Calls with curl's options and prints what the call shows, its status and its body.
call() {
    local shows=$1 said
    shift
    said=$(curl --silent --show-error --write-out '\n%{http_code}' "$@")
    local status=${said##*$'\n'} body=${said%$'\n'*}
    echo "$shows: $status${body:+ $body}"
}

# As `call`, but prints those headers of the answer whose names match a pattern, and not the body.
call_for_headers() {
    local shows=$1 names=$2
    shift 2
    echo "$shows: $(curl --silent --show-error --output "$scratch/body" --dump-header "$scratch/head" \
        --write-out '%{http_code}' "$@")"
    tr -d '\r' <"$scratch/head" | grep -iE "^($names):" | sort |
        awk '{ colon = index($0, ":"); print "  " tolower(substr($0, 1, colon)) substr($0, colon + 1) }'
}
