"""
A bot that answers `!echo text`, and greets people who mention it.

    CHAT_URL=https://chat.example CHAT_TOKEN=... python echo_bot.py garden
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chat_client import Bot

bot = Bot(os.environ["CHAT_URL"], os.environ["CHAT_TOKEN"], rooms=sys.argv[1:], state=os.environ.get("CHAT_STATE"))


@bot.command("echo")
def echo(message, text):
    message.reply(text or "Say something after !echo.")


@bot.on_mention
def greet(message):
    message.reply(f"Hello @{message.author}. Try `!echo`.", quote=True)


if __name__ == "__main__":
    bot.run()
