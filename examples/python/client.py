"""Submits a request to Mezzotint's REST API, waits for the job and fetches its files.

python3 client.py REQUEST.json FOLDER
python3 client.py cancel ID

WORKER_URL is the address of a worker (http://localhost:8080), WORKER_TOKEN its token.
"""
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("WORKER_URL", "http://localhost:8080")
HEADERS = {"Content-Type": "application/json"}
if os.environ.get("WORKER_TOKEN"):
    HEADERS["Authorization"] = "Bearer " + os.environ["WORKER_TOKEN"]


def call(path, body=None):
    """GET, or POST if there is a body; ends the program with the answer if the call is refused."""
    try:
        request = urllib.request.Request(URL + path, data=body, headers=HEADERS)
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as e:
        sys.exit(f"{e.code}: {e.read().decode()}")


def fetch(job, folder):
    """Writes images and other files below the folder, under their names in the store."""
    offset, total = 0, 1
    while offset < total:
        page = json.loads(call(f"/api/jobs/{job}/results?limit=500&offset={offset}"))
        for file in page["images"] + (page["files"] if offset == 0 else []):
            target = pathlib.Path(folder, file["key"].removeprefix(f"jobs/{job}/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(call(file["path"]))
        offset, total = offset + 500, page["total"]


if len(sys.argv) != 3:
    sys.exit(__doc__)
if sys.argv[1] == "cancel":
    call(f"/api/jobs/{sys.argv[2]}/cancel", b"{}")
    sys.exit()
job = json.loads(call("/api/jobs", pathlib.Path(sys.argv[1]).read_bytes()))["id"]
while (state := json.loads(call(f"/api/jobs/{job}")))["state"] in ("queued", "running"):
    time.sleep(0.5)
if state["state"] != "completed":
    sys.exit(f"{job} {state['state']}: {state.get('cause')}")
fetch(job, sys.argv[2])
print(job, "completed")
