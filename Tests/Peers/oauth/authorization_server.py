#!/usr/bin/env python3
"""MCP servers with authorization, built on the official SDK's mcp.server.auth (1.x), that misbehave on command.

Prints {"control": "http://127.0.0.1:<port>"} and serves until its standard input ends. A "world" is a protected resource
and its authorization server, each on a port of its own:

    POST /worlds {options}      -> {"id", "resource", "issuer", "authorization_server"}; options are in world.py
    POST /worlds/<id> {options} -> changes options of a running world
    GET  /worlds/<id>/log       -> the requests so far, in order
    POST /worlds/<id>/forget    -> all access tokens become invalid
    POST /keys {"alg"}          -> a new key pair: {"private", "public"} in PEM form
    POST /browse {"url"}        -> what a browser would be redirected to: {"status", "location", "text"}
"""

import asyncio
import json
import logging
import socket
import sys
import threading

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from world import World


class Listener:
    """An application on a free port of 127.0.0.1."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.origin = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.task = None

    def serve(self, application):
        config = uvicorn.Config(application, log_level="critical", lifespan="off", timeout_keep_alive=60)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None
        self.task = asyncio.get_running_loop().create_task(server.serve(sockets=[self.socket]))


class Control:
    def __init__(self):
        self.worlds = []

    async def create(self, request: Request):
        resource, server = Listener(), Listener()
        world = World(resource.origin, server.origin, await request.json())
        resource.serve(world.resource_application())
        server.serve(world.server_application())
        self.worlds.append(world)
        return JSONResponse(
            {
                "id": len(self.worlds) - 1,
                "resource": world.resource,
                "issuer": world.issuer,
                "authorization_server": server.origin,
            }
        )

    def world(self, request: Request) -> World:
        return self.worlds[int(request.path_params["id"])]

    async def change(self, request: Request):
        self.world(request).options.update(await request.json())
        return JSONResponse({})

    async def log(self, request: Request):
        return JSONResponse(self.world(request).log)

    async def forget(self, request: Request):
        self.world(request).provider.access_tokens.clear()
        return JSONResponse({})

    async def keys(self, request: Request):
        algorithm = (await request.json())["alg"]
        key = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }.get(algorithm, lambda: rsa.generate_private_key(65537, 2048))()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return JSONResponse({"private": private.decode(), "public": public.decode()})

    async def browse(self, request: Request):
        async with httpx.AsyncClient(follow_redirects=False, timeout=60) as client:
            response = await client.get((await request.json())["url"])
        return JSONResponse(
            {"status": response.status_code, "location": response.headers.get("location"), "text": response.text}
        )

    def application(self):
        return Starlette(
            routes=[
                Route("/worlds", self.create, methods=["POST"]),
                Route("/worlds/{id}", self.change, methods=["POST"]),
                Route("/worlds/{id}/log", self.log),
                Route("/worlds/{id}/forget", self.forget, methods=["POST"]),
                Route("/keys", self.keys, methods=["POST"]),
                Route("/browse", self.browse, methods=["POST"]),
            ]
        )


async def main():
    listener = Listener()
    listener.serve(Control().application())
    print(json.dumps({"control": listener.origin}), flush=True)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait_for_end():
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait_for_end, daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main())
