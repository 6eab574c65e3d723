"""
Post the result of a build through an incoming webhook. Call it as the last step of a build:

    CHAT_HOOK=https://chat.example/hooks/KEY/ python build_notifier.py main passed https://ci.example/7
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chat_client import send_to_hook

COLOURS = {"passed": "good", "failed": "danger"}


def main(branch, result, url):
    attachment = {"color": COLOURS.get(result, "warning"), "title": f"{branch}: {result}", "title_link": url}
    send_to_hook(os.environ["CHAT_HOOK"], "", username="Builds", icon_emoji=":hammer:", attachments=[attachment])


if __name__ == "__main__":
    main(*sys.argv[1:4])
