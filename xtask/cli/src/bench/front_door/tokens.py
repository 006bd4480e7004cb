"""Makes a key pair, and gives its public half and a token of each of ten users: JSON on stdout."""

import base64
import json
import sys
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

issuer, client = sys.argv[1:3]
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def token(user):
    now = int(time.time())
    claims = {"iss": issuer, "aud": client, "token_use": "id", "sub": user, "iat": now, "exp": now + 3600}
    parts = [encode(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "bench"}, claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, encode(signature)])


public = key.public_key().public_numbers()
keys = [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench", "n": number(public.n), "e": number(public.e)}]
json.dump({"jwks": {"keys": keys}, "tokens": [token(f"user-{at}") for at in range(10)]}, sys.stdout)
