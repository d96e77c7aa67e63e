# Asks for an address.
import socket

socket.getaddrinfo("example.org", 80)
