#!/usr/bin/env bash
# Runs a program that speaks the Lambda Runtime API itself, here one built with the crate lambda_runtime.
source "$(dirname "$0")/../lib.sh"

program=${FUNCTION:-../../target/debug/examples/echo}
if [ ! -x "$program" ]; then
    echo "build it first: cargo build -p tollgate-functions --example echo" >&2
    exit 1
fi
mkdir "$scratch/code"
cp "$program" "$scratch/code/bootstrap"
strip "$scratch/code/bootstrap" 2>/dev/null || true
make_function example-rust provided.al2023 none "$scratch/code/bootstrap"
deploy
sell

call "a call" "$url/hello/joe" --header "x-api-key: $key"
