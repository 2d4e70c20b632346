"""Opens sockets, as a service manager does for a socket unit, and becomes the program that they are for.

usage: service_manager.py [unix=PATH | tcp=PORT | udp=PORT | file=PATH]... [names=A:B] -- PROGRAM ARGUMENT...
"""

import os
import socket
import sys

end = sys.argv.index("--")
passed, names = [], None
for word in sys.argv[1:end]:
    kind, _, value = word.partition("=")
    if kind == "unix":
        os.makedirs(os.path.dirname(value), mode=0o700, exist_ok=True)
        passed.append(socket.socket(socket.AF_UNIX))
        passed[-1].bind(value)
        os.chmod(value, 0o600)
        passed[-1].listen()
    elif kind == "tcp":
        passed.append(socket.socket(socket.AF_INET))
        passed[-1].bind(("127.0.0.1", int(value)))
        passed[-1].listen()
    elif kind == "udp":
        passed.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        passed[-1].bind(("127.0.0.1", int(value)))
    elif kind == "file":
        passed.append(open(value))
    elif kind == "names":
        names = value

# First out of the way of the numbers that they are to have.
numbers = [os.dup2(item.fileno(), 100 + index) for index, item in enumerate(passed)]
for item in passed:
    item.close()
for index, number in enumerate(numbers):
    os.dup2(number, 3 + index, inheritable=True)
    os.close(number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(numbers))
if names is not None:
    os.environ["LISTEN_FDNAMES"] = names
os.execv(sys.argv[end + 1], sys.argv[end + 1:])
