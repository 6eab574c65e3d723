"""The settings that decide how long the site keeps what people make, and how much of it."""

import math

from chatproj.setting_kinds import Setting, make_count, make_switch, read_number
from chatproj.setting_values import read_files, read_location

SETTINGS = [
    make_count(
        "CHAT_BOARD_DAYS",
        "After this number of days without a visit or a message, a board is deleted.",
        least=1,
        most=36500,
        default=30,
        example="90",
        wrong="0",
    ),
    # 0 keeps the refs without a limit of time.
    make_count(
        "CHAT_CHANGE_DAYS",
        "After this number of days, a client may no longer resend a change; 0 keeps refs without end.",
        least=0,
        most=36500,
        default=90,
        example="365",
        wrong="-1",
    ),
    # A worker renews the lock each second, so a shorter lock would expire while its worker is alive.
    Setting(
        name="CHAT_TASK_LOCK_SECONDS",
        effect="If a worker has not renewed the lock of its task for this time, another worker takes the task.",
        kind="number",
        parse=read_number(2, 86400),
        expected="a number of seconds from 2 to 86400",
        default=30.0,
        default_text="30",
        example="60",
        wrong="1m",
    ),
    Setting(
        name="CHAT_TASK_RESULT_SECONDS",
        effect="How long people can download the result of an export.",
        kind="number",
        parse=read_number(1, 1e9),
        expected="a number of seconds from 1 to 1e9",
        default=24 * 3600.0,
        default_text="86400 (a day)",
        example="604800",
        wrong="1 week",
    ),
    Setting(
        name="CHAT_MAX_RESULTS_BYTES",
        effect="How many bytes of results are kept; the oldest are deleted first.",
        kind="number",
        parse=read_number(0, math.inf),
        expected="a number of bytes, such as 5e9, or inf",
        default=5e9,
        default_text="5e9",
        example="2e10",
        wrong="5 GB",
    ),
    Setting(
        name="CHAT_FILES",
        effect="Where files are stored: in a directory that all processes share, in a bucket, or in the database.",
        kind="path",
        parse=read_files,
        expected="the absolute path of a directory that all processes share, s3://bucket/prefix, or database:",
        default=None,
        default_text="`files` in `CHAT_VAR` with SQLite, else `database:`",
        example="/srv/chat/files",
        wrong="files",
    ),
    Setting(
        name="CHAT_X_ACCEL",
        effect="The internal location at which nginx serves CHAT_FILES; without it, the interfaces send files.",
        kind="path",
        parse=read_location,
        expected="a path that begins and ends with /, such as /protected/",
        default=None,
        default_text="none: the interfaces send files",
        example="/protected/",
        wrong="protected",
    ),
    make_switch(
        "CHAT_S3_REDIRECT",
        "Whether downloads from a bucket are redirected to it, with an address that is valid for a minute.",
        default=False,
        example="on",
    ),
]
