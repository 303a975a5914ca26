"""A Python session that is told what to run, a line of JSON at a time, and answers with the value of `answer`."""
import json
import os
import sys
import traceback

# What MLflow prints for people goes to stderr: stdout is for answers alone.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

session = {"__name__": "__notebook__"}
for line in sys.stdin:
    cell = json.loads(line)
    os.environ.update(cell["env"])
    session.update(cell["values"], answer=None)
    try:
        exec(cell["code"], session)
        said = {"answer": session["answer"], "fault": None}
    except (Exception, SystemExit):
        said = {"answer": None, "fault": traceback.format_exc()}
    print(json.dumps(said), file=answers, flush=True)
