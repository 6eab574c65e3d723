"""
A bot that asks for the standup at 9:30 from Monday to Friday. `!summary` lists the answers of its own day among the
newest 100 messages.

    CHAT_URL=https://chat.example CHAT_TOKEN=... CHAT_STATE=standup.json python standup_bot.py garden
"""

import datetime
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from chat_client import Bot

room = sys.argv[1] if len(sys.argv) > 1 else "standup"
bot = Bot(os.environ["CHAT_URL"], os.environ["CHAT_TOKEN"], rooms=[room], state=os.environ.get("CHAT_STATE"))


@bot.every_day("09:30", weekdays_only=True)
def ask():
    # The ref contains the day, so the question is posted once a day, also if the bot restarts now.
    bot.post(room, "Good morning! What do you do today? Begin with `!today`.", ref=f"standup-{datetime.date.today()}")


@bot.command("today")
def note(message, text):
    message.react("✅")


@bot.command("summary")
def summarise(message, text):
    answers = [found for found in bot.history(room, limit=100) if found["body"].startswith("!today ")]
    said = [found for found in answers if day_of(found) == day_of(message.fields)]
    lines = [f"- @{found['author']['handle']}: {found['body'][len('!today ') :]}" for found in said]
    message.reply("\n".join(lines) or "Nobody has said anything yet.")


def day_of(fields):
    """Return the local day of a message, whose time is in UTC."""
    return datetime.datetime.fromisoformat(fields["at"].replace("Z", "+00:00")).astimezone().date()


if __name__ == "__main__":
    bot.run()
