"""
The two sockets of a board, as class-based consumers: its door, where visitors knock and the owner decides, and its
room, which is like any other once one has been let in.

In this module `message` is always the Channels message.
"""

from django.contrib.auth import HASH_SESSION_KEY
from django.db import transaction

from channels_transport import JsonWebsocketConsumer, WebsocketConsumer
from chat import broadcast, protocol
from chat.services import boards, limits

from .arrivals import let_go, let_in
from .frames import answer_frame, answering
from .handshake import CheckedHandshake, get_address


class AtBoard(CheckedHandshake):
    """What both have in common: the browser's login session, and whether path and cookie belong together."""

    http_user = True

    def find_visit(self, board, session):
        return boards.get_visit(board, session, self.message.http_session, self.message.user)


class AuthConsumer(AtBoard, JsonWebsocketConsumer):
    """The door: `/auth/<board>/<session>/`."""

    unreadable_errors = (protocol.ChatError,)
    encode_json = staticmethod(protocol.encode)

    @classmethod
    def decode_json(cls, text):
        if text is None:
            raise protocol.ChatError("binary_not_supported", "Send text frames.")
        return protocol.parse(text, protocol.BOARD_EVENTS)

    def connect(self, message, board, session):
        """Lets a browser come to the door, and tells it how it stands; or closes with 4404, whatever is wrong."""
        try:
            visit = self.find_visit(board, session)
        except protocol.ChatError:
            broadcast.accept(message.reply_channel, close=protocol.CLOSE_NOT_FOUND)
            return
        address = get_address(message)
        limits.lease_socket(visit.digest, address, message.reply_channel.name)
        message.channel_session.update(
            {
                "board": visit.board.id,
                "visit": visit.digest,
                "owner": visit.is_owner,
                "address": address,
                "login": message.http_session.session_key,
                "person": message.user.id,
            }
        )
        # Here one may wait for hours without a word, and is still to be let go properly.
        message.channel_session.set_expiry(boards.CONNECTION_LIFETIME_SECONDS)
        broadcast.accept(message.reply_channel)
        broadcast.subscribe(message.reply_channel, self._groups())
        boards.enter_waiting_room(visit, message.reply_channel)
        # Read only now: what is decided after it is told to the groups.
        for event in boards.get_first_events(visit):
            self.send(event)

    def receive(self, event, **kwargs):
        """Does what a visitor or the owner asks for, and answers."""
        with answering(self.message) as asked:
            asked.ref = event.ref
            visit = self._return_visit(event.ref)
            with transaction.atomic():
                # Before anybody else hears of it: after `shut` this connection is closed.
                transaction.on_commit(lambda: self.send(protocol.ack(event.ref, None, None)))
                self._act(visit, event)

    def unreadable(self, refusal, **kwargs):
        with answering(self.message) as asked:
            asked.ref = refusal.ref
            self._return_visit(refusal.ref)
            raise refusal

    def disconnect(self, message, **kwargs):
        session = message.channel_session
        if "visit" in session:
            broadcast.unsubscribe(message.reply_channel, self._groups())
            limits.release_socket(session["visit"], session["address"], message.reply_channel.name)
            boards.leave_waiting_room(session["board"], session["visit"], message.reply_channel)

    def _return_visit(self, ref):
        """Returns the visit behind a frame, which was counted. Raises CloseConnection, and `rate_limited`."""
        session = self.message.channel_session
        if "visit" not in session:
            raise protocol.CloseConnection(protocol.CLOSE_CONNECTION_LOST)
        visit = boards.recheck_visit(
            session["board"], session["visit"], session["login"], session["person"], session.get(HASH_SESSION_KEY, "")
        )
        limits.check_event(visit.digest, ref)
        return visit

    def _act(self, visit, event):
        if event.type == "knock":
            boards.request_to_join(visit, event)
        elif event.type == "shut":
            boards.close_board(visit, event)
        else:
            boards.decide_on_visitor(visit, event, self.message.reply_channel)

    def _groups(self):
        session = self.message.channel_session
        groups = [broadcast.board_group(session["board"]), broadcast.visitor_group(session["visit"])]
        groups.append(broadcast.credential_group(session["login"]))
        return [*groups, broadcast.owner_group(session["board"])] if session["owner"] else groups


class WriteConsumer(AtBoard, WebsocketConsumer):
    """The room behind the door: `/write/<board>/<session>/`."""

    def connect(self, message, board, session):
        """Lets in whom the owner has let in; 4403 for who was inside once, and 4404 for anything else."""
        try:
            member = boards.get_member(self.find_visit(board, session))
        except protocol.ChatError as refusal:
            code = protocol.CLOSE_FORBIDDEN if refusal.code == "forbidden" else protocol.CLOSE_NOT_FOUND
            broadcast.accept(message.reply_channel, close=code)
            return
        let_in(message, member, login=message.http_session.session_key)

    def raw_receive(self, message, **kwargs):
        answer_frame(message)

    def raw_disconnect(self, message, **kwargs):
        let_go(message)
