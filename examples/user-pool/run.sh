#!/usr/bin/env bash
# Lets callers in by tokens of a user pool. The pool here is a key of the example's own.
source "$(dirname "$0")/../lib.sh"

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

openssl genrsa -out "$scratch/pool.key" 2048 2>/dev/null
modulus=$(openssl rsa -in "$scratch/pool.key" -noout -modulus | cut -d = -f 2 | python3 -c \
    'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' | base64url)
echo '{"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": "'"$modulus"'", "e": "AQAB"}]}' \
    >"$scratch/keys.json"
issuer=https://pool.example/pets
export TOLLGATE_USER_POOLS="{ us-east-1_Pets = { issuer = '$issuer', jwks = '$scratch/keys.json' } }"

# A token of the pool with these claims, which holds for so many seconds.
token() {
    local now head claims
    now=$(date +%s)
    head=$(printf '{"alg": "RS256", "kid": "1"}' | base64url)
    claims=$(printf '{"iss": "%s", "sub": "joe", "iat": %d, "exp": %d, %s}' "$issuer" "$((now - 60))" "$((now + $2))" "$1" | base64url)
    echo "$head.$claims.$(printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 -sign "$scratch/pool.key" | base64url)"
}

start_tollgate
deploy
id=$(token '"token_use": "id", "email": "joe@example.com"' 600)
access=$(token '"token_use": "access", "scope": "orders/read"' 600)
expired=$(token '"token_use": "id", "email": "joe@example.com"' -1)
call "no token" "$url/me"
call "an id token" "$url/me" --header "Authorization: $id"
call "one that has expired" "$url/me" --header "Authorization: $expired"
call "one that was changed" "$url/me" --header "Authorization: ${id%.*}.AAAA"
call "an access token with the scope" "$url/orders" --header "Authorization: $access"
call "a token without it" "$url/orders" --header "Authorization: $id"
