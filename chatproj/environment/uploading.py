"""The settings of the files that people send with their messages."""

import math

from chatproj.setting_kinds import Setting, read_number
from chatproj.setting_values import read_types

SETTINGS = [
    Setting(
        name="CHAT_UPLOAD_BYTES",
        effect="How many bytes a file of a message may have; 0 switches files off.",
        kind="number",
        parse=read_number(0, 1e12),
        expected="a number of bytes from 0 to 1e12, such as 2e8",
        default=100e6,
        default_text="1e8 (100 MB)",
        example="5e8",
        wrong="100 MB",
    ),
    Setting(
        name="CHAT_UPLOAD_ROOM_BYTES",
        effect="How many bytes all files of a room may have together.",
        kind="number",
        parse=read_number(0, math.inf),
        expected="a number of bytes, such as 1e11, or inf",
        default=math.inf,
        default_text="inf: no limit",
        example="1e11",
        wrong="100 GB",
    ),
    Setting(
        name="CHAT_UPLOAD_PERSON_BYTES",
        effect="How many bytes all files of a person may have together, in all rooms.",
        kind="number",
        parse=read_number(0, math.inf),
        expected="a number of bytes, such as 1e10, or inf",
        default=10e9,
        default_text="1e10 (10 GB)",
        example="5e10",
        wrong="10 GB",
    ),
    Setting(
        name="CHAT_UPLOAD_TYPES",
        effect="Which types of files people may send; a `*` stands for any text.",
        kind="list of types",
        parse=read_types,
        expected="types of files separated by commas, such as image/*, application/pdf",
        default=(),
        default_text="all types",
        example="image/*,application/pdf",
        wrong="pictures",
    ),
]
