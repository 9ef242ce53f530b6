"""Tells the same referrals by the Python SDK of CloudEvents, in each way that it knows, and checks
receipts and schemas with other people's libraries. Prints what came of each delivery, a line each.
"""

import json
import sys
from datetime import datetime, timezone

import jsonschema
import jwt
import requests
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import http as v1

service, token = sys.argv[1:]
intake = f"{service}/v1/intake"
kind = "no.stegspor.referral.referral-proposed.v1"
schema = f"{service}/schemas/{kind}"
data = {"from": "slemdal", "to": "stegforsteg-oslo", "situation": "in-patient"}


def attributes(number, **more):
    return {
        "specversion": "1.0",
        "id": f"py-{number}",
        "source": "/slemdal/journal",
        "type": kind,
        "subject": f"søknad {number}",
        "time": datetime(2021, 6, 30, 9, tzinfo=timezone.utc),
        "dataschema": schema,
        "ward": "Å 100%",
        **more,
    }


def send(name, headers, body):
    headers = {**headers, "Authorization": f"Bearer {token}"}
    answer = requests.post(intake, headers=headers, data=body, timeout=20)
    print(json.dumps({"name": name, "status": answer.status_code, "body": answer.json()}), flush=True)
    return answer.json()


def deliver(name, message):
    return send(name, message.headers, message.body)


as_json = {"datacontenttype": "application/json"}
structured = deliver(
    "structured", to_structured(CloudEvent(attributes(1, **as_json), data), JSONFormat())
)
deliver(
    "structured without datacontenttype",
    to_structured(CloudEvent(attributes(2), data), JSONFormat()),
)
deliver(
    "structured with bytes",
    to_structured(CloudEvent(attributes(3), json.dumps(data).encode()), JSONFormat()),
)
deliver("binary", to_binary(CloudEvent(attributes(4, **as_json), data), JSONFormat()))
# Some senders leave the content type out.
bare = to_binary(CloudEvent(attributes(5), json.dumps(data)), JSONFormat())
bare_headers = {name: value for name, value in bare.headers.items() if name.lower() != "content-type"}
send("binary without datacontenttype", bare_headers, json.dumps(data).encode())

# The older interface sends headers as they stand, in Latin-1.
older = {"ward": "Å", "time": "2021-06-30T09:00:00Z"}
send("v1 structured", *v1.to_structured(v1.CloudEvent(attributes(6, **older), data)))
send("v1 binary", *v1.to_binary(v1.CloudEvent(attributes(7, **older), data)))

batch = [json.loads(to_structured(CloudEvent(attributes(n), data), JSONFormat()).body) for n in (1, 8)]
send(
    "batch",
    {"Content-Type": "application/cloudevents-batch+json"},
    json.dumps(batch).encode(),
)

# The receipt, by a library for JOSE.
receipt = structured["receipt"]
keys = jwt.PyJWKSet.from_dict(requests.get(f"{service}/.well-known/jwks.json", timeout=20).json())
header = jwt.get_unverified_header(receipt["signature"])
assert header["typ"] == "stegspor-receipt+jws", header
signed = jwt.PyJWS().decode(
    receipt["signature"], keys[header["kid"]].key, algorithms=["EdDSA"]
)
assert json.loads(signed) == {k: v for k, v in receipt.items() if k != "signature"}, signed
tampered = receipt["signature"][:-4] + ("AAAA" if receipt["signature"][-4:] != "AAAA" else "BBBB")
try:
    jwt.PyJWS().decode(tampered, keys[header["kid"]].key, algorithms=["EdDSA"])
    raise SystemExit("a receipt that was changed was taken for good")
except jwt.InvalidSignatureError:
    pass

# The schema, by a validator of JSON Schema.
validator = jsonschema.Draft202012Validator(requests.get(schema, timeout=20).json())
validator.check_schema(validator.schema)
validator.validate(data)
for wrong in ({**data, "situation": "unheard-of"}, {**data, "diagnosis": "x"}, {"from": "slemdal"}, []):
    assert not validator.is_valid(wrong), wrong
