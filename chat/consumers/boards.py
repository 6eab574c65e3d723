"""
The two sockets of a board, as class-based consumers. In the waiting room, visitors knock and the owner decides. The
other socket is the room itself, which admitted visitors use like any other room.

In this module `message` is always the Channels message.
"""

from django.db import transaction

from channels_transport import JsonWebsocketConsumer, WebsocketConsumer
from chat import broadcast, protocol
from chat.connections import Connection
from chat.services import announcements, boards, budgets, limits, people

from .admission import admit, parse_query, release
from .frames import answer_frame, answering
from .handshake import CheckedHandshake, refuse_token


class BoardConsumer(CheckedHandshake):
    """
    The common part of both sockets. `get_visit` checks that the path belongs to the browser's login session.

    These sockets are for browsers only, so a handshake with a token is refused.
    """

    http_user = True

    @property
    def connection(self):
        """Return the connection that the current message came from."""
        return Connection.from_message(self.message)

    def get_visit(self, board, session):
        """Return the Visit of a handshake. Raise `not_found` for every reason to refuse it."""
        if people.must_set_up(self.message.user):
            raise protocol.ChatError("not_found", "There is nothing at this address.")
        return boards.get_visit(board, session, self.message.http_session, self.message.user)


class AuthConsumer(BoardConsumer, JsonWebsocketConsumer):
    """The waiting room: `/auth/<board>/<session>/`."""

    unreadable_errors = (protocol.ChatError,)

    @classmethod
    def decode_json(cls, text):
        """Return the event in a text frame; `text` is None for a binary frame. Raise ChatError if there is no event."""
        if text is None:
            raise protocol.ChatError("binary_not_supported", "Send text frames.")
        return protocol.parse(text, protocol.BOARD_EVENTS)

    def connect(self, message, board, session):
        """
        Accept a browser, or close its socket with 4404. `refuse_token` refuses a handshake with a token.

        A visitor gets the visitor's state and the announcements. The owner gets the waiting visitors.
        """
        if refuse_token(message):
            return
        connection = self.connection
        try:
            visit = self.get_visit(board, session)
        except protocol.ChatError:
            connection.accept(close=protocol.CLOSE_NOT_FOUND)
            return
        budgets.check_reads(self.message.user.id, connection.address)
        limits.lease_socket(visit.digest, connection)
        self._write_session(visit)
        connection.accept(groups=self._get_groups())
        boards.enter_waiting_room(visit, connection)
        # Read the state only after the connection is in its groups. Otherwise the visitor could miss a decision.
        first_events = list(boards.get_first_events(visit))
        connection.reply_all(first_events)
        reads = len(first_events) + budgets.CONNECTION_READS
        budgets.count_reads(self.message.user.id, connection.address, reads)
        if not visit.is_owner:
            connection.reply_all(announcements.find_outside_rooms(visit.person))

    def _write_session(self, visit):
        session = self.message.channel_session
        session.update(
            {
                "board": visit.board.id,
                "visit": visit.digest,
                "browser": visit.browser,
                "owner": visit.is_owner,
                "address": self.connection.address,
                "login": self.message.http_session.session_key,
                "person": self.message.user.id,
            }
        )
        # A visitor may wait for hours without a frame, and the disconnect must still find the session.
        session.set_expiry(boards.CONNECTION_LIFETIME_SECONDS)

    def receive(self, event, **kwargs):
        """Handle an event of a visitor or of the owner, and answer it."""
        connection = self.connection
        with answering(connection) as request:
            request.ref = event.ref
            visit = self._check_visit(event.ref)
            with transaction.atomic():
                # The `ack` is sent before the events of the action, because `shut` closes this connection.
                transaction.on_commit(lambda: connection.reply(protocol.ack(event.ref, None, None)))
                self._act(visit, event)

    def unreadable(self, refusal, **kwargs):
        """Answer a frame that contains no event with the error of `decode_json`."""
        with answering(self.connection) as request:
            request.ref = refusal.ref
            self._check_visit(refusal.ref)
            raise refusal

    def disconnect(self, message, **kwargs):
        """Release what the connection held in the waiting room."""
        session, connection = message.channel_session, self.connection
        if "visit" in session:
            connection.unsubscribe(self._get_groups())
            limits.release_socket(session["visit"], connection)
            boards.leave_waiting_room(session["board"], session["visit"], connection)

    def _check_visit(self, ref):
        """Return the Visit of a frame's sender, and count the frame. Raise CloseConnection, or ChatError with `ref`."""
        visit = boards.recheck_visit(self.connection)
        limits.check_event(visit.digest, ref)
        return visit

    def _act(self, visit, event):
        if event.type == "knock":
            boards.request_to_join(visit, event)
        elif event.type == "shut":
            boards.close_board(visit, event)
        else:
            boards.decide_on_visitor(visit, event, self.connection)

    def _get_groups(self):
        session = self.message.channel_session
        groups = [broadcast.board_group(session["board"]), broadcast.visitor_group(session["visit"])]
        groups.append(broadcast.credential_group(session["login"]))
        if session["owner"]:
            return [*groups, broadcast.owner_group(session["board"])]
        # A visitor receives announcements here; the owner receives them in the board's room.
        personal = [] if session["person"] is None else [broadcast.waiting_group(session["person"])]
        return [*groups, broadcast.DOORS_GROUP, *personal]


class WriteConsumer(BoardConsumer, WebsocketConsumer):
    """The room of a board: `/write/<board>/<session>/`."""

    def connect(self, message, board, session):
        """
        Accept the owner or an admitted visitor.

        Close the socket of a removed visitor with 4403, and the socket of anybody else with 4404. `refuse_token`
        refuses a handshake with a token.
        """
        if refuse_token(message):
            return
        try:
            member = boards.get_member(self.get_visit(board, session))
        except protocol.ChatError as refusal:
            code = protocol.CLOSE_FORBIDDEN if refusal.code == "forbidden" else protocol.CLOSE_NOT_FOUND
            self.connection.accept(close=code)
            return
        query = parse_query(message.content.get("query_string", b""))
        admit(self.connection, member, query, login=message.http_session.session_key)

    def raw_receive(self, message, **kwargs):
        """Answer one frame as a room's socket does."""
        answer_frame(self.connection, message.content.get("text"))

    def disconnect(self, message, **kwargs):
        """Release everything that the connection held."""
        release(self.connection)
