"""Uploads with urllib.request, the body built by email.mime, as those do it who do not want to write it by hand.

How lines end and how content is encoded is the job's: `crlf` is right, `default` and `base64` are what happens to
people."""
import email.encoders
import email.mime.application
import email.mime.multipart
import email.mime.nonmultipart
import email.policy
import json
import sys
import urllib.error
import urllib.request


def render(parts, way):
    form = email.mime.multipart.MIMEMultipart("form-data")
    for part in parts:
        if "path" in part:
            with open(part["path"], "rb") as file:
                content = file.read()
            encoder = email.encoders.encode_base64 if way == "base64" else email.encoders.encode_noop
            sub = email.mime.application.MIMEApplication(content, _encoder=encoder)
            sub.add_header("Content-Disposition", "form-data", name=part["name"], filename=part["filename"])
        else:
            sub = email.mime.nonmultipart.MIMENonMultipart("text", "plain")
            sub.add_header("Content-Disposition", "form-data", name=part["name"])
            sub.set_payload(part["value"])
        form.attach(sub)
    policy = email.policy.compat32 if way == "default" else email.policy.HTTP
    end = policy.linesep.encode("ascii")
    head, _, body = form.as_bytes(policy=policy).partition(end + end)
    content_type = form.get("Content-Type").replace("\n", "")
    return body, content_type


job = json.load(sys.stdin)
answers = []
for form in job["forms"]:
    body, content_type = render(form, job["way"])
    request = urllib.request.Request(job["url"], data=body)
    request.add_header("Content-Type", content_type)
    request.add_header("Authorization", "Bearer " + job["token"])
    try:
        with urllib.request.urlopen(request) as answer:
            answers.append({"status": answer.status, "body": json.load(answer)})
    except urllib.error.HTTPError as error:
        answers.append({"status": error.code, "body": json.load(error)})
json.dump(answers, sys.stdout)
