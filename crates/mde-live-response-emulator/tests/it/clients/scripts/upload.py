"""Uploads a form from a generator, chunked, its parts written as `requests` writes them; prints the status."""
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
headers = {
    "Authorization": "Bearer " + job["token"],
    "Content-Type": "multipart/form-data; boundary=" + BOUNDARY,
}
connection.request("POST", "/api/libraryfiles", body=form(), headers=headers)
sys.stdout.write(str(connection.getresponse().status))
