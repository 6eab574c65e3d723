"""Count what was sent, stored, received, doubled and out of order. This module opens no sockets and no database."""


def count(people, rows, deaf):
    """
    Return the figures of one run.

    `people` are the clients that read. `rows` are (id, ref) of the stored messages. `deaf` is the number of open
    sockets that did not receive the last message.
    """
    sent = {ref for person in people for ref in person.sent}
    acked = {ref for person in people for ref in person.acks}
    resent = {ref for person in people for ref in person.resent}
    ids = {id for id, _ in rows}
    expected = len(ids) * len(people)
    live = sum(len({id for id, _, _ in person.live}) for person in people)
    arrived = sum(len(person.ids & ids) for person in people)
    return {
        "sent": len(sent),
        "acked": len(acked),
        "resent": len(resent),
        "stored": len(rows),
        "stored_twice": len(rows) - len({ref for _, ref in rows}),
        "acked_not_stored": len(acked - {ref for _, ref in rows}),
        "expected": expected,
        "live": live,
        "asked": arrived - live,
        "lost": expected - arrived,
        "doubled": sum(len(person.live) - len({id for id, _, _ in person.live}) for person in people),
        "out_of_order": sum(count_out_of_order(person.live) for person in people),
        "deaf": deaf,
        "closed": sum(len(person.close_codes) for person in people),
        "codes": sorted({str(code) for person in people for code in person.close_codes}),
    }


def count_out_of_order(live):
    """Return the number of messages that arrived after a later message of the same author."""
    newest, found = {}, 0
    for _, author, ref in live:
        number = int(ref.rpartition("-")[2])
        found += number < newest.get(author, -1)
        newest[author] = max(number, newest.get(author, -1))
    return found
