"""Uploads a form from a generator, chunked, its parts written as `requests` writes them, lists, and deletes twice.

Prints each status and the list.
"""
import http.client
import json
import sys
import urllib.parse

TEXTS = {
    "Description": "test description",
    "ParametersDescription": "test",
    "HasParameters": "True",
    "OverrideIfExists": "",
}
BOUNDARY = "ebb48113124b79caf800d23d87ec8cdd"
FILES = "/api/libraryfiles"


def form():
    head = "--" + BOUNDARY + '\r\nContent-Disposition: form-data; name="{}"'
    for name, value in TEXTS.items():
        yield (head.format(name) + "\r\n\r\n" + value + "\r\n").encode("utf-8")
    yield (head.format("File") + '; filename="mdatp1.png"\r\n\r\n').encode("utf-8")
    with open("mdatp1.png", "rb") as file:
        while chunk := file.read(10):
            yield chunk
    yield ("\r\n--" + BOUNDARY + "--\r\n").encode("ascii")


job = json.load(sys.stdin)
connection = http.client.HTTPConnection(urllib.parse.urlsplit(job["url"]).netloc)
statuses = []


def call(method, path, body=None):
    headers = {"Authorization": "Bearer " + job["token"]}
    if body is not None:
        headers["Content-Type"] = "multipart/form-data; boundary=" + BOUNDARY
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    statuses.append(answer.status)
    return answer.read()


call("POST", FILES, form())
listed = json.loads(call("GET", FILES))
for _ in range(2):
    call("DELETE", FILES + "/mdatp1.png")
json.dump({"statuses": statuses, "listed": listed}, sys.stdout)
