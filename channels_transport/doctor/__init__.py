"""
Examines a running site: checks each part as a client does, and says what to do about each problem.

The examination changes nothing of the site, ends within a bounded time whatever is broken, and raises nothing. It works
on every Channels 1.x site. These optional settings describe the site:

* `PUBLIC_URL`: the address that browsers use, such as `https://chat.example.com`.
* `DOCTOR_URL`: the address of the interface, if the command has no `--url`.
* `DOCTOR_HEALTH_PATH`: a path that answers 200 and JSON with `"status": "ok"`; with 503, the JSON's `missing` may name
  the parts that do not answer. Without this setting, any answer of `/` with a status below 500 shows that the site is
  running.
* `DOCTOR_ECHO_PATH`: the path of a websocket that returns each text frame. By default, round trips are HTTP requests.
* `DOCTOR_CHECKS`: dotted paths of functions without arguments that return lists of findings.

This file imports nothing. An import of `doctor.findings` runs it too, and applications import
`Finding` before Django has loaded the models that the checks read.
"""
