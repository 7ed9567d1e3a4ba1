"""Uploads over one http.client connection: as one piece, chunked from a generator, or from an iterable of known
length; then lists and deletes over the same connection."""
import http.client
import json
import os
import sys
import urllib.parse
import uuid

job = json.load(sys.stdin)
url = urllib.parse.urlsplit(job["url"])
connection = http.client.HTTPConnection(url.hostname, url.port)
headers = {"Authorization": "Bearer " + job["token"]}
sockets = set()


def pieces(parts, boundary):
    for part in parts:
        head = '--{}\r\nContent-Disposition: form-data; name="{}"'.format(boundary, part["name"])
        if "path" not in part:
            yield "{}\r\n\r\n{}\r\n".format(head, part["value"]).encode("utf-8")
            continue
        yield '{}; filename="{}"\r\nContent-Type: application/octet-stream\r\n\r\n'.format(
            head, part["filename"]).encode("utf-8")
        with open(part["path"], "rb") as file:
            while chunk := file.read(1000):
                yield chunk
        yield b"\r\n"
    yield "--{}--\r\n".format(boundary).encode("ascii")


def call(method, path, **more):
    connection.request(method, path, **more)
    sockets.add(connection.sock.getsockname())
    answer = connection.getresponse()
    body = answer.read()
    return {"status": answer.status, "body": json.loads(body) if body else None}


answers = []
for form in job["forms"]:
    boundary = uuid.uuid4().hex
    with_type = dict(headers, **{"Content-Type": "multipart/form-data; boundary=" + boundary})
    body = pieces(form, boundary)
    if job["way"] == "whole":
        answers.append(call("POST", url.path, body=b"".join(body), headers=with_type))
    elif job["way"] == "chunked":
        # Without a length http.client writes each piece as a chunk, and says so.
        answers.append(call("POST", url.path, body=body, headers=with_type))
    else:
        with_type["Content-Length"] = str(sum(map(len, pieces(form, boundary))))
        answers.append(call("POST", url.path, body=body, headers=with_type))

listed = call("GET", url.path, headers=headers)
deleted = [
    call("DELETE", url.path + "/" + urllib.parse.quote(file["fileName"], safe=""), headers=headers)
    for file in listed["body"]["value"]
]
json.dump({"answers": answers, "listed": listed, "deleted": deleted, "connections": len(sockets)}, sys.stdout)
