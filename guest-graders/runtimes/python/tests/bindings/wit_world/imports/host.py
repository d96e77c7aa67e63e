"""A host that keeps what is written and asks `peers` for the answers of peers."""

from enum import Enum


class Channel(Enum):
    STDOUT = 0
    STDERR = 1


written = {Channel.STDOUT: bytearray(), Channel.STDERR: bytearray()}
peers = {}


def write(to, bytes):
    written[to] += bytes


def call_peer(peer, call):
    return peers[peer](call)
