"""python3 digest.py ORIGIN USERNAME PASSWORD REQUESTS

Sends requests with python-requests and digest authentication. REQUESTS is a JSON array of
[method, path, parameters]. The output is a JSON array of [status, body].
"""

import json
import sys

import requests
from requests.auth import HTTPDigestAuth

origin, username, password, calls = sys.argv[1:]

answers = []
with requests.Session() as session:
    # Ignore the proxy settings and the .netrc of the user.
    session.trust_env = False
    session.auth = HTTPDigestAuth(username, password)
    for method, path, parameters in json.loads(calls):
        where = "params" if method == "GET" else "data"
        answer = session.request(method, origin + path, timeout=30, **{where: parameters})
        answers.append([answer.status_code, answer.text])
print(json.dumps(answers))
