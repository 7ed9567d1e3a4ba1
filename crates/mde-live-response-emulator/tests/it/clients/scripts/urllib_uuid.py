"""Uploads with urllib.request, the body built by hand around a UUID: the snippet that answers have shown for years."""
import json
import mimetypes
import sys
import urllib.error
import urllib.request
import uuid


def encode_multipart(parts):
    boundary = uuid.uuid4().hex
    body = b""
    for part in parts:
        body += b"--" + boundary.encode("ascii") + b"\r\n"
        if "path" in part:
            content_type = mimetypes.guess_type(part["filename"])[0] or "application/octet-stream"
            body += 'Content-Disposition: form-data; name="{}"; filename="{}"\r\n'.format(
                part["name"], part["filename"]).encode("utf-8")
            body += "Content-Type: {}\r\n\r\n".format(content_type).encode("ascii")
            with open(part["path"], "rb") as file:
                body += file.read()
        else:
            body += 'Content-Disposition: form-data; name="{}"\r\n\r\n'.format(part["name"]).encode("utf-8")
            body += part["value"].encode("utf-8")
        body += b"\r\n"
    body += b"--" + boundary.encode("ascii") + b"--\r\n"
    return body, "multipart/form-data; boundary=" + boundary


def said(request):
    try:
        with urllib.request.urlopen(request) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    return {"status": status, "body": json.loads(body) if body else None}


job = json.load(sys.stdin)
answers = []
for form in job["forms"]:
    body, content_type = encode_multipart(form)
    request = urllib.request.Request(job["url"], data=body, method="POST")
    request.add_header("Content-Type", content_type)
    request.add_header("Authorization", "Bearer " + job["token"])
    answers.append(said(request))
json.dump(answers, sys.stdout)
