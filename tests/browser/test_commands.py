"""The story of the commands in two tabs: suggestions, a poll with votes, and a reminder that arrives."""

from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible
from tests.browser.actions import message
from tests.live.client import Person


def type_command(page, line):
    """Type a command into the composer, and send it."""
    composer = page.get_by_test_id("composer")
    composer.fill(line)
    composer.press("Escape")  # the suggestions would take the Enter
    composer.press("Enter")


def let_reminders_be_due(site):
    """Let all reminders be overdue, and send them."""
    imports = "from datetime import timedelta; from django.utils import timezone; from chat.models import Reminder"
    update = "Reminder.objects.update(due_at=timezone.now() - timedelta(minutes=1))"
    site.manage(
        "shell", "-c", f"{imports}; {update}; from chat.services import sweeps; sweeps.reminders.sweep_reminders()"
    )


def option(page, text):
    """Return the button of an option of a poll."""
    return page.locator(".poll-option").filter(has_text=text)


def test_people_find_commands_vote_in_a_poll_and_are_reminded(open_workspace, owner, site):
    slug = owner.make_room()
    alice, bob = open_workspace(owner, slug), open_workspace(Person(site, "Bob who votes", "correct horse"), slug)

    # The list comes from the server, with what may follow each name.
    composer = alice.get_by_test_id("composer")
    composer.press_sequentially("/re")
    expect(alice.locator("#completion [role=option]")).to_contain_text(["/remind"])
    expect(alice.locator("#completion")).to_contain_text("me in 20 minutes to call Bob")
    composer.press("Tab")
    expect(composer).to_have_value("/remind ")

    # A wrong command comes back with the reason, and a name that does not exist is not posted.
    type_command(alice, "/remind me to call Bob")
    expect(alice.get_by_test_id("notice")).to_contain_text("/remind me in 20 minutes")
    expect(composer).to_have_value("/remind me to call Bob")
    type_command(alice, "/dance with me")
    expect(alice.get_by_test_id("notice")).to_contain_text("/dance")
    expect(composer).to_have_value("/dance with me")
    type_command(alice, "//dance with me")
    expect(message(alice, "/dance with me")).to_have_count(1)
    type_command(alice, "/me waves")
    expect(message(bob, "waves").locator("em")).to_be_visible()

    # Alice asks with the dialog, and both vote with the keyboard or the mouse.
    type_command(alice, "/poll")
    dialog = alice.locator("#poll-dialog")
    dialog.get_by_label("Question").fill('Lunch "today"?')
    for number, text in enumerate(["Pizza", "Sushi", "Soup"], 1):
        dialog.get_by_label(f"Option {number}").fill(text)
    assert_accessible(alice, "dialog of a poll")
    dialog.get_by_role("button", name="Post the poll").click()
    expect(bob.get_by_role("group", name='Poll: Lunch "today"?')).to_be_visible()
    option(bob, "Sushi").focus()
    bob.keyboard.press("Enter")
    expect(option(bob, "Sushi")).to_have_attribute("aria-pressed", "true")
    expect(option(alice, "Sushi").locator(".number")).to_have_text("1")
    expect(option(alice, "Sushi")).to_have_attribute("aria-pressed", "false")
    option(alice, "Pizza").click()
    expect(option(bob, "Pizza").locator(".number")).to_have_text("1")
    option(bob, "Soup").click()
    expect(option(alice, "Sushi").locator(".number")).to_have_text("0")
    assert_accessible(bob, "room with a poll")
    alice.reload()
    expect(option(alice, "Pizza")).to_have_attribute("aria-pressed", "true")

    # A reminder arrives with its person only, and can come again later.
    alice.locator("#messages .message").last.focus()
    alice.keyboard.press("n")
    remind = alice.locator("#remind-dialog")
    expect(remind.get_by_role("button", name="In 20 minutes")).to_be_visible()
    assert_accessible(alice, "dialog of a reminder")
    alice.keyboard.press("Escape")
    type_command(alice, "/remind me 1m look at the poll")
    expect(alice.get_by_test_id("notice")).to_contain_text("The reminder comes")
    type_command(alice, "/remind list")
    expect(alice.locator(".reminders")).to_contain_text("look at the poll")
    assert_accessible(alice, "list of reminders")
    let_reminders_be_due(site)
    bar = alice.locator(".bar.announcement")
    expect(bar).to_contain_text("Reminder: look at the poll")
    assert_accessible(alice, "room with a reminder")
    expect(bob.locator(".bar.announcement")).to_have_count(0)
    bar.get_by_role("button", name="Again in 20 minutes").click()
    expect(bar).to_have_count(0)
