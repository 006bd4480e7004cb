"""The front door's checks and its ping, as small as Python and its usual cryptography allow: what ours is measured beside."""

import base64
import http.client
import json
import os
import re
import sys
import time
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER, CLIENT, JWKS = (os.environ[f"FRONT_DOOR_{name}"] for name in ("ISSUER", "CLIENT_ID", "JWKS_URL"))
ALLOWED = re.compile(r"http://localhost(:[1-9][0-9]{0,4})?|capacitor://[a-z0-9.-]+")
known = {}


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def keys():
    if not known:
        url = urlsplit(JWKS)
        connection = http.client.HTTPConnection(url.hostname, url.port)
        connection.request("GET", url.path)
        for key in json.loads(connection.getresponse().read())["keys"]:
            n, e = (int.from_bytes(decode(key[name]), "big") for name in ("n", "e"))
            known[key["kid"]] = rsa.RSAPublicNumbers(e, n).public_key()
        connection.close()
    return known


def is_good(token):
    try:
        header, payload, signature = token.split(".")
        fields = json.loads(decode(header))
        key = keys().get(fields.get("kid"))
        if fields.get("alg") != "RS256" or key is None:
            return False
        key.verify(decode(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
        claims, now = json.loads(decode(payload)), time.time()
    except (InvalidSignature, ValueError):
        return False
    ours = claims.get("iss") == ISSUER and claims.get("aud") == CLIENT and claims.get("token_use") == "id"
    return ours and claims.get("nbf", 0) <= now < claims.get("exp", 0)


def handle(event):
    sent, headers = event["headers"], {"vary": "Origin", "content-type": "application/json"}

    def answer(status, body=None, **more):
        more = {name.replace("_", "-"): value for name, value in more.items()}
        return {"statusCode": status, "headers": {**headers, **more}, "body": json.dumps(body) if body else ""}

    origin = sent.get("origin")
    if origin is not None:
        if not ALLOWED.fullmatch(origin):
            return answer(403, {"error": "origin_not_allowed"})
        headers["access-control-allow-origin"] = origin
    if event["requestContext"]["http"]["method"] == "OPTIONS":
        return answer(
            204,
            access_control_allow_methods="POST, GET, OPTIONS",
            access_control_allow_headers="Authorization, Content-Type, Idempotency-Key",
            access_control_max_age="7200",
        )
    scheme, _, token = sent.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return answer(401, {"error": "missing_token"}, www_authenticate="Bearer")
    if not is_good(token):
        return answer(403, {"error": "invalid_token"})
    return answer(200, {"status": "ok"}) if event["rawPath"] == "/ping" else answer(404, {"error": "unknown_path"})


def main():
    base = "/2018-06-01/runtime/invocation"
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        runtime.request("GET", f"{base}/next")
        response = runtime.getresponse()
        request_id, event = response.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(response.read())
        began = time.monotonic()
        answer = handle(event)
        spent = int(1000 * (time.monotonic() - began))
        line = {"message": "request", "route": event["rawPath"], "status": answer["statusCode"], "latencyMs": spent}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        runtime.request("POST", f"{base}/{request_id}/response", json.dumps(answer))
        runtime.getresponse().read()


main()
