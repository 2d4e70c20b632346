"""A protected resource and its authorization server. The SDK does what the SDK does; options make it do otherwise.

Options, all optional:

    issuer_path          "/t1": the issuer's path
    metadata_paths       where the authorization server's metadata are served; default: the form of RFC 8414
    metadata             members that replace those of the metadata; null removes
    resource_path        "/mcp": the resource's path
    resource_metadata    "path" (default), "root", "none", or another path, which the challenge names
    resource_document    members that replace those of the resource's metadata; null removes
    challenge            fields of WWW-Authenticate on 401; {metadata} is the URL of the resource's metadata
    scopes               that clients may have; default ["mcp"]
    resource_scopes      scopes_supported of the resource
    required_scopes      without which the resource answers 403; default []
    registration         true: dynamic registration
    clients              of their own: [{"client_id", "client_secret"?, "token_endpoint_auth_method", "public_key"?,
                         "redirect_uri"?}]
    metadata_documents   URLs that are clients (Client ID Metadata Documents)
    lifetime             of access tokens in seconds; default 3600
    refresh              true: refresh tokens are issued; "fixed": and never rotated
    iss                  "right", "wrong" or null: the parameter of the authorization response
    deny                 an OAuth error for every authorization request
    token_faults         one is used up by each token request: {"status", "body"?, "headers"?, "delay"?}
    accepted_resource    for which tokens are issued; default: this world's resource
    reject_tokens        true: the resource answers 401 to everybody
    never_enough         true: the resource misses required_scopes in every token
    dpop                 true: tokens must be bound; "nonce": and proofs must have our nonce
    nonce                what proofs must have
    mcp                  true: the resource is an MCP server of the SDK with one tool `echo`; default: it says who asks
"""

import asyncio
import json
import time
from urllib.parse import parse_qsl, urlparse

from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp.server.auth.handlers.token import TokenHandler
from mcp.server.auth.middleware.client_auth import ClientAuthenticator
from mcp.server.auth.routes import build_metadata, create_auth_routes
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import TextContent, Tool

from proofs import ProofError, check_assertion, check_proof, thumbprint
from provider import Provider


class World:
    def __init__(self, resource_origin, server_origin, options):
        self.options = {
            "issuer_path": "", "metadata": {}, "resource_path": "/mcp", "resource_metadata": "path",
            "resource_document": {}, "scopes": ["mcp"], "resource_scopes": None, "required_scopes": [],
            "registration": True, "clients": [], "metadata_documents": [], "lifetime": 3600, "refresh": True,
            "iss": None, "deny": None, "token_faults": [], "dpop": False, "reject_tokens": False, "never_enough": False,
            "mcp": False, "nonce": "nonce-1",
        } | options
        self.log = []
        self.resource_origin = resource_origin
        self.server_origin = server_origin
        self.resource = resource_origin + self.options["resource_path"]
        self.issuer = server_origin + self.options["issuer_path"]
        self.provider = Provider(self)
        self.manager = None
        if self.options["mcp"]:
            self.serve_mcp()

    def note(self, request: Request, **more):
        entry = {"method": request.method, "host": request.url.netloc, "path": request.url.path}
        self.log.append(entry | {"query": request.url.query, "headers": dict(request.headers)} | more)

    # The authorization server

    def accepted_resource(self):
        return self.options.get("accepted_resource", self.resource)

    def metadata(self):
        registration = ClientRegistrationOptions(enabled=self.options["registration"], valid_scopes=self.options["scopes"])
        metadata = build_metadata(
            AnyHttpUrl(self.issuer), None, registration, RevocationOptions(enabled=True)
        ).model_dump(mode="json", exclude_none=True)
        # The model writes the slash of an empty path; what an issuer is called is up to it.
        metadata["issuer"] = self.issuer
        for name, value in self.options["metadata"].items():
            if value is None:
                metadata.pop(name, None)
            else:
                metadata[name] = value
        return metadata

    def metadata_paths(self):
        default = [f"/.well-known/oauth-authorization-server{self.options['issuer_path']}"]
        return self.options.get("metadata_paths", default)

    async def server_document(self, request: Request):
        self.note(request)
        if request.url.path in self.metadata_paths():
            return JSONResponse(self.metadata())
        return Response(status_code=404)

    def server_application(self):
        sdk = {
            route.path: route
            for route in create_auth_routes(
                self.provider,
                AnyHttpUrl(self.server_origin),
                client_registration_options=ClientRegistrationOptions(
                    enabled=True, valid_scopes=self.options["scopes"], default_scopes=self.options["scopes"]
                ),
                revocation_options=RevocationOptions(enabled=True),
            )
        }
        base = self.options["issuer_path"]
        routes = [
            Route(f"{base}/token", self.token, methods=["POST"]),
            Route(f"{base}/register", self.register(sdk["/register"].app), methods=["POST"]),
            Route(f"{base}/authorize", self.logged(sdk["/authorize"].app), methods=["GET"]),
            Route(f"{base}/revoke", self.logged(sdk["/revoke"].app), methods=["POST"]),
            Route("/{path:path}", self.server_document),
        ]
        return Starlette(routes=routes)

    def logged(self, application):
        async def handle(request: Request):
            body = await request.body()
            self.note(request, form=dict(parse_qsl(body.decode())))
            return await self.forward(application, request, body)

        return handle

    def register(self, application):
        async def handle(request: Request):
            body = await request.body()
            self.note(request, json=json.loads(body))
            return await self.forward(application, request, body)

        return handle

    @staticmethod
    async def forward(application, request: Request, body: bytes):
        """The SDK's application with a body that was read already."""
        sent = {"status": 500, "headers": [], "body": b""}

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                sent["status"], sent["headers"] = message["status"], message["headers"]
            else:
                sent["body"] += message.get("body", b"")

        await application(dict(request.scope), receive, send)
        response = Response(sent["body"], status_code=sent["status"])
        response.raw_headers = sent["headers"]
        return response

    # The token endpoint

    async def token(self, request: Request):
        body = await request.body()
        form = dict(parse_qsl(body.decode()))
        self.note(request, form=form, at=time.monotonic())
        if self.options["token_faults"]:
            fault = self.options["token_faults"].pop(0)
            await asyncio.sleep(fault.get("delay", 0))
            if "status" in fault:
                return Response(fault.get("body", ""), status_code=fault["status"], headers=fault.get("headers"))
        try:
            key = self.proof_key(request)
        except ProofError as error:
            headers = {"DPoP-Nonce": self.options["nonce"]} if error.code == "use_dpop_nonce" else {}
            return JSONResponse({"error": error.code, "error_description": str(error)}, status_code=400, headers=headers)
        if form.get("resource") != self.accepted_resource():
            return JSONResponse({"error": "invalid_target"}, status_code=400)
        self.provider.key = key
        if form.get("grant_type") == "client_credentials":
            return self.client_credentials(request, form)

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        handler = TokenHandler(self.provider, ClientAuthenticator(self.provider))
        response = await handler.handle(Request(request.scope, receive))
        if key and response.status_code == 200:
            content = json.loads(response.body) | {"token_type": "DPoP"}
            return JSONResponse(content)
        return response

    def proof_key(self, request: Request):
        proof = request.headers.get("dpop")
        if proof is None:
            if self.options["dpop"]:
                raise ProofError("invalid_dpop_proof", "no proof")
            return None
        wanted = self.options["nonce"] if self.options["dpop"] == "nonce" else None
        return thumbprint(check_proof(proof, "POST", f"{self.issuer}/token", None, wanted))

    def client_credentials(self, request: Request, form):
        try:
            client = check_assertion(self.options["clients"], request.headers.get("authorization"), form, self.issuer)
        except ProofError as error:
            return JSONResponse({"error": error.code, "error_description": str(error)}, status_code=401)
        scopes = form.get("scope", "").split()
        if any(scope not in self.options["scopes"] for scope in scopes):
            return JSONResponse({"error": "invalid_scope"}, status_code=400)
        token = self.provider.issue(client["client_id"], scopes, self.accepted_resource(), refresh=False)
        content = token.model_dump(mode="json", exclude_none=True)
        return JSONResponse(content | ({"token_type": "DPoP"} if self.provider.key else {}))

    # The resource

    def resource_metadata_path(self):
        place = self.options["resource_metadata"]
        base = "/.well-known/oauth-protected-resource"
        return {"path": base + self.options["resource_path"], "root": base, "none": None}.get(place, place)

    async def resource_document(self, request: Request):
        self.note(request)
        if request.url.path == self.resource_metadata_path():
            document = {"resource": self.resource, "authorization_servers": [self.issuer]}
            if self.options["resource_scopes"] is not None:
                document["scopes_supported"] = self.options["resource_scopes"]
            if self.options["dpop"]:
                document["dpop_bound_access_tokens_required"] = True
            document |= self.options["resource_document"]
            return JSONResponse({name: value for name, value in document.items() if value is not None})
        if self.options.get("origin_metadata") and request.url.path == "/.well-known/oauth-authorization-server":
            return JSONResponse(self.metadata())
        return Response(status_code=404)

    async def call(self, request: Request):
        self.note(request)
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = self.provider.access_tokens.get(text)
        key = self.provider.keys.get(text)
        if token is None or self.options["reject_tokens"] or token.expires_at and token.expires_at < time.time():
            return self.unauthorized('error="invalid_token"' if text else None)
        if token.resource != self.resource or scheme != ("DPoP" if key else "Bearer"):
            return self.unauthorized('error="invalid_token"')
        if key:
            try:
                wanted = self.options["nonce"] if self.options["dpop"] == "nonce" else None
                jwk = check_proof(request.headers.get("dpop"), request.method, self.resource, text, wanted)
                if thumbprint(jwk) != key:
                    raise ProofError("invalid_dpop_proof", "another key")
            except ProofError as error:
                field = f'DPoP error="{error.code}", algs="ES256"'
                return Response(status_code=401, headers={"WWW-Authenticate": field, "DPoP-Nonce": self.options["nonce"]})
        missing = [scope for scope in self.options["required_scopes"] if scope not in token.scopes]
        if missing or self.options["never_enough"]:
            scope = " ".join(self.options["required_scopes"])
            field = f'Bearer error="insufficient_scope", scope="{scope}"'
            return Response(status_code=403, headers={"WWW-Authenticate": field})
        return None if self.manager else JSONResponse({"client": token.client_id, "scopes": token.scopes})

    def serve_mcp(self):
        """Sessions of the SDK's server, as long as this process lives."""
        server = Server("protected")

        @server.list_tools()
        async def list_tools():
            return [Tool(name="echo", inputSchema={"type": "object"})]

        @server.call_tool()
        async def call_tool(name, arguments):
            return [TextContent(type="text", text=json.dumps(arguments, separators=(",", ":")))]

        self.manager = StreamableHTTPSessionManager(server, json_response=True)

        async def run():
            async with self.manager.run():
                await asyncio.Event().wait()

        self.sessions = asyncio.get_running_loop().create_task(run())

    def unauthorized(self, error):
        metadata = f"{self.resource_origin}{self.resource_metadata_path()}"
        fields = self.options.get("challenge")
        if fields is None:
            scheme = "DPoP" if self.options["dpop"] else "Bearer"
            named = f'resource_metadata="{metadata}"' if self.resource_metadata_path() else 'realm="mcp"'
            fields = [f"{scheme} {named}"]
        response = Response(status_code=401)
        for field in fields:
            field = field.replace("{metadata}", metadata)
            response.raw_headers.append((b"www-authenticate", (f"{field}, {error}" if error else field).encode()))
        return response

    def resource_application(self):
        return Starlette(
            routes=[
                Route(self.options["resource_path"], Resource(self), methods=["GET", "POST", "DELETE"]),
                Route("/{path:path}", self.resource_document),
            ]
        )


class Resource:
    """What is behind the check of tokens: an answer of the world itself, or the SDK's MCP server."""

    def __init__(self, world):
        self.world = world

    async def __call__(self, scope, receive, send):
        answer = await self.world.call(Request(scope, receive))
        if answer is None:
            await self.world.manager.handle_request(scope, receive, send)
        else:
            await answer(scope, receive, send)
