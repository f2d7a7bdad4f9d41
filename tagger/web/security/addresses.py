"""Addresses: where the gallery listens, which names it is reached under, and which proxies are trusted."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

LOCALHOST = "localhost"

CLIENT_BITS = 64  # of an IPv6 address: a household gets at least such a network

Network = IPv4Network | IPv6Network


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address; an empty one is all of its addresses."""
    if host == LOCALHOST:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_in(host: str | None, networks: Iterable[Network]) -> bool:
    """Whether an address is in one of some networks."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    return any(address in network for network in networks)


def client_network(address: str) -> str:
    """What limits count a client by: its IPv4 address, or the network of its IPv6 address, which it can change."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4 or parsed.ipv4_mapped:
        return str(parsed if parsed.version == 4 else parsed.ipv4_mapped)
    return str(ip_network((int(parsed), CLIENT_BITS), strict=False))


def host_name(header: str | None) -> str | None:
    """The name in a header ``Host``, without its port; None if it is not one."""
    try:
        return urlsplit(f"//{header}").hostname if header and not set(header) & set("/?#@\\ ") else None
    except ValueError:
        return None


def is_known_host(header: str | None, names: Iterable[str]) -> bool:
    """Whether a request asks for a name of ours.

    A page of another site may let its own name lead to this machine's address (DNS rebinding), and would then count as
    ours for a browser. It cannot do so with an address, since that leads nowhere else.

    Args:
        header: the request's ``Host``.
        names: our names besides addresses and ``localhost``, in lower case.
    """
    name = host_name(header)
    if name is None:
        return False
    try:
        ip_address(name)
        return True
    except ValueError:
        return name == LOCALHOST or name in names


def own_names(configured: Iterable[str]) -> frozenset[str]:
    """The names in the settings, and those of this machine in its own network."""
    machine = socket.gethostname().lower()
    return frozenset({name.lower() for name in configured} | {machine, f"{machine.partition('.')[0]}.local"})
