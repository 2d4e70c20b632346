"""The SDK's provider interface over dictionaries."""

import secrets
import time

from pydantic import AnyUrl

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken


class Provider(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    def __init__(self, world):
        self.world = world
        self.registered = {}
        self.codes = {}
        self.access_tokens = {}
        self.refresh_tokens = {}
        # Access or refresh token -> thumbprint of the key that it is bound to.
        self.keys = {}
        # Of the proof of the present token request.
        self.key = None

    async def get_client(self, client_id):
        for client in self.world.options["clients"]:
            if client["client_id"] == client_id:
                return self.own_client(client_id, client)
        if client_id in self.world.options["metadata_documents"]:
            return self.own_client(client_id, {"token_endpoint_auth_method": "none"})
        return self.registered.get(client_id)

    def own_client(self, client_id, description):
        return OAuthClientInformationFull(
            client_id=client_id,
            client_secret=description.get("client_secret"),
            token_endpoint_auth_method=description["token_endpoint_auth_method"],
            redirect_uris=[AnyUrl(description.get("redirect_uri", "http://127.0.0.1:8788/callback"))],
            scope=" ".join(self.world.options["scopes"]),
        )

    async def register_client(self, client_info):
        self.registered[client_info.client_id] = client_info

    async def authorize(self, client, params):
        redirect_uri = str(params.redirect_uri)
        iss = {"right": self.world.issuer, "wrong": "https://evil.test"}.get(self.world.options["iss"])
        if error := self.world.options["deny"]:
            return construct_redirect_uri(redirect_uri, error=error, state=params.state, iss=iss)
        if params.resource != self.world.accepted_resource():
            raise AuthorizeError("invalid_request", "another resource")
        code = AuthorizationCode(
            code=secrets.token_urlsafe(24),
            scopes=params.scopes or [],
            expires_at=time.time() + 300,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(redirect_uri, code=code.code, state=params.state, iss=iss)

    async def load_authorization_code(self, client, authorization_code):
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client, authorization_code):
        del self.codes[authorization_code.code]
        return self.issue(client.client_id, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(self, client, refresh_token):
        known = self.refresh_tokens.get(refresh_token)
        return known if known and self.keys.get(refresh_token) == self.key else None

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        fixed = self.world.options["refresh"] == "fixed"
        if not fixed:
            del self.refresh_tokens[refresh_token.token]
        return self.issue(client.client_id, scopes, refresh_token.resource, refresh=not fixed)

    async def load_access_token(self, token):
        return self.access_tokens.get(token)

    async def revoke_token(self, token):
        self.access_tokens.pop(token.token, None)
        self.refresh_tokens.pop(token.token, None)

    def issue(self, client_id, scopes, resource, refresh=True):
        lifetime = self.world.options["lifetime"]
        text = secrets.token_urlsafe(24)
        self.access_tokens[text] = AccessToken(
            token=text, client_id=client_id, scopes=scopes, expires_at=int(time.time()) + lifetime, resource=resource
        )
        answer = OAuthToken(access_token=text, expires_in=lifetime, scope=" ".join(scopes) or None)
        if refresh and self.world.options["refresh"]:
            again = secrets.token_urlsafe(24)
            self.refresh_tokens[again] = RefreshToken(
                token=again, client_id=client_id, scopes=scopes, resource=resource
            )
            answer.refresh_token = again
        if self.key:
            self.keys[text] = self.key
            if answer.refresh_token:
                self.keys[answer.refresh_token] = self.key
        return answer
