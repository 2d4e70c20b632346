"""What the SDK does not check: assertions of clients (RFC 7523) and proofs of possession (RFC 9449)."""

import base64
import hashlib
import json
import time
from urllib.parse import unquote

import jwt
from jwt.algorithms import ECAlgorithm


class ProofError(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


SEEN = set()


def once(jti):
    if not jti or jti in SEEN:
        raise ProofError("invalid_dpop_proof", "jti is missing or was used before")
    SEEN.add(jti)


def check_proof(proof, method, url, token, nonce):
    """The public key of a valid proof."""
    try:
        header = jwt.get_unverified_header(proof)
        if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256":
            raise ProofError("invalid_dpop_proof", "typ or alg")
        if set(header["jwk"]) != {"kty", "crv", "x", "y"}:
            raise ProofError("invalid_dpop_proof", "members of the key")
        claims = jwt.decode(proof, ECAlgorithm.from_jwk(json.dumps(header["jwk"])), algorithms=["ES256"])
    except (jwt.PyJWTError, KeyError, AttributeError, TypeError) as error:
        raise ProofError("invalid_dpop_proof", f"{type(error).__name__}: {error}") from error
    if claims.get("htm") != method or claims.get("htu") != url:
        raise ProofError("invalid_dpop_proof", f"for {claims.get('htm')} {claims.get('htu')}")
    if abs(claims.get("iat", 0) - time.time()) > 60:
        raise ProofError("invalid_dpop_proof", "iat")
    if token is not None:
        digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
        if claims.get("ath") != digest:
            raise ProofError("invalid_dpop_proof", "ath")
    if nonce is not None and claims.get("nonce") != nonce:
        raise ProofError("use_dpop_nonce", "nonce")
    once(claims.get("jti"))
    return header["jwk"]


def thumbprint(jwk):
    text = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def check_assertion(clients, authorization, form, issuer):
    """The client that a request for its own tokens comes from."""
    if form.get("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
        text = form["client_assertion"]
        name = jwt.decode(text, options={"verify_signature": False}).get("iss")
        client = find(clients, name, "private_key_jwt")
        try:
            claims = jwt.decode(
                text, client["public_key"], algorithms=[client["alg"]], audience=issuer, issuer=name,
                options={"require": ["exp", "iat", "jti", "sub", "aud", "iss"], "strict_aud": True},
            )
        except jwt.PyJWTError as error:
            raise ProofError("invalid_client", f"{type(error).__name__}: {error}") from error
        if claims["sub"] != name or claims["exp"] - claims["iat"] > 600:
            raise ProofError("invalid_client", "claims")
        once(claims["jti"])
        return client
    if authorization and authorization.startswith("Basic "):
        name, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        client, secret = find(clients, unquote(name), "client_secret_basic"), unquote(secret)
    else:
        client, secret = find(clients, form.get("client_id"), "client_secret_post"), form.get("client_secret")
    if secret != client["client_secret"]:
        raise ProofError("invalid_client", "secret")
    return client


def find(clients, name, method):
    for client in clients:
        if client["client_id"] == name and client["token_endpoint_auth_method"] == method:
            return client
    raise ProofError("invalid_client", f"no client {name} that uses {method}")
