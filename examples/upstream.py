"""An HTTP API to put a gateway before. It prints its address, and answers with the file of that name in the folder
`upstream` of the example if there is one, and else with what it received.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FILES = Path("upstream")


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        file = FILES / self.path.partition("?")[0].lstrip("/")
        answer = file.read_bytes() if file.is_file() else self.what_came(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the names that http.server looks for

    def what_came(self, body):
        said = {"got": f"{self.command} {self.path}"}
        headers = {name: value for name, value in sorted(self.headers.items()) if self.is_ours(name.lower())}
        if headers:
            said["headers"] = headers
        scope = r"Credential=[^/]+/\d+/([^/]+/[^/]+)/aws4_request"
        signature = re.search(scope, self.headers.get("Authorization", ""))
        if signature:
            said["signed for"] = signature[1]
        if body:
            said["body"] = body.decode()
        return json.dumps(said).encode()

    @staticmethod
    def is_ours(name):
        """Whether an example sent or mapped a header: those of the gateway itself differ from call to call."""
        return name.startswith("x-") and not name.startswith(("x-amz", "x-forwarded", "x-api-key"))

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    print("{}:{}".format(*server.server_address), flush=True)
    server.serve_forever()
