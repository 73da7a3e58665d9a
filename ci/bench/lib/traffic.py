"""The requests that every system gets, from wrk and from our own client alike."""

HOST = "shop.example"
KEY = "X-User-Id"
# Where the key is in the path: h2load sends every request with the same header fields.
QUERY_KEY = "uid"
USERS = 4096

# With Host and the key: six headers.
PLAIN_HEADERS = {
    "User-Agent": "bench/1",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Accept-Language": "en",
}


def user(number: int) -> str:
    """The targeting key of the n-th user: as long as a real one, not a bare small number."""
    return f"user-{number % USERS:06}"


def query(number: int) -> str:
    """The key of the n-th user where it is in the path."""
    return f"{QUERY_KEY}={user(number)}"


def request(number: int, path: str = "/") -> bytes:
    """The bytes of one GET by the n-th user."""
    headers = {"Host": HOST, **PLAIN_HEADERS, KEY: user(number)}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
