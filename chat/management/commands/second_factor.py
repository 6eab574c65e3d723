"""`manage.py second_factor`: say whether two-factor sign-in of a person is on, or switch it off."""

from chat.management.service_command import ServiceCommand
from chat.services import people


class Command(ServiceCommand):
    help = (
        "Say whether two-factor sign-in of a person is on, or switch it off for a person who has lost the app and the "
        "recovery codes. `off` also signs the person out everywhere. Write -- before a handle that begins with -."
    )

    def add_arguments(self, parser):
        parser.add_argument("action", choices=["show", "off"], help="`show` changes nothing; `off` switches it off.")
        parser.add_argument("handle", help="The person's handle; upper or lower case makes no difference.")

    def call_service(self, options):
        if options["action"] == "off":
            person = people.switch_off_for(options["handle"])
            self.stdout.write(f"{person.handle}: two-factor sign-in is off now.")
            return
        person = people.get_person(options["handle"])
        factor = people.find_second_factor(person)
        state = f"on, recovery codes left: {people.count_codes(person)}" if factor else "off"
        self.stdout.write(f"{person.handle}: two-factor sign-in is {state}.")
