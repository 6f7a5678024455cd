"""A collector of traces on a free port: prints its address, then a line for each batch of spans that arrives."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Taking(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        # Names of spans stand as text in the protocol's bytes.
        names = [name for name in ("GET /{proxy+}", "integration") if name.encode() in body]
        print(f"{self.path} takes", ", ".join(names), flush=True)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Taking)
print(f"http://127.0.0.1:{server.server_port}/v1/traces", flush=True)
server.serve_forever()
