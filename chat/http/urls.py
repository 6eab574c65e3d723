"""The chat's addresses: pages, the JSON API, and monitoring. docs/http-api.md describes each of them."""

from django.urls import path, re_path

from chat.http import converters, health, pages, settings_page  # noqa: F401 (importing converters registers them)
from chat.http.api import (
    accounts,
    announcements,
    boards,
    bookmarks,
    invitations,
    messages,
    moderation,
    operators,
    polling,
    profiles,
    rooms,
    scheduled,
    search,
    tasks,
    unknown,
)

page_patterns = [
    path("", pages.lobby, name="lobby"),
    path("rooms/", pages.create_room, name="create_room"),
    path("rooms/<slug>/", pages.room, name="room"),
    path("rooms/<slug>/guests/", pages.room_guests, name="room_guests"),
    path("rooms/<slug>/address/", pages.room_address, name="room_address"),
    path("board/<board_uuid:board>/", pages.board, name="board"),
    path("new_board", boards.new_board, name="new_board"),
    path("invite/<key>/", pages.invitation, name="invitation"),
    path("operators/rooms/", pages.operators_rooms, name="operators_rooms"),
    path("sign-in/", pages.sign_in, name="sign_in"),
    path("sign-up/", pages.sign_up, name="sign_up"),
    path("sign-out/", pages.sign_out, name="sign_out"),
    path("guest/", pages.guest, name="guest"),
    path("password/", pages.password, name="password"),
    path("settings/", settings_page.settings, name="settings"),
    path("settings/<section>/", settings_page.change, name="change_settings"),
    path(".well-known/security.txt", pages.security_txt),
]

api_patterns = [
    path("api/session/", accounts.session),
    path("api/users/", accounts.users),
    path("api/guests/", accounts.guests),
    path("api/tokens/", accounts.tokens),
    path("api/tokens/<row_id:token_id>/", accounts.token),
    path("api/people/", profiles.people_list),
    path("api/profile/", profiles.profile),
    path("api/profile/picture/", profiles.own_picture),
    path("api/profile/data/", profiles.own_data),
    path("api/preferences/", profiles.preferences),
    path("api/logins/", profiles.logins),
    path("api/logins/<row_id:login_id>/", profiles.login),
    path("pictures/<digest>/", profiles.picture, name="picture"),
    path("api/rooms/", rooms.rooms_list),
    path("api/rooms/<slug>/", rooms.room),
    path("api/rooms/<slug>/messages/", messages.messages),
    path("api/rooms/<slug>/pins/", messages.pins),
    path("api/rooms/<slug>/poll/", polling.poll),
    path("api/rooms/<slug>/scheduled/", scheduled.all_scheduled),
    path("api/rooms/<slug>/scheduled/<row_id:scheduled_id>/", scheduled.one_scheduled),
    path("api/rooms/<slug>/tasks/", tasks.room_tasks),
    path("api/tasks/<row_id:task_id>/", tasks.task),
    path("api/tasks/<row_id:task_id>/result/", tasks.result),
    path("api/rooms/<slug>/invitations/", invitations.invitations),
    path("api/rooms/<slug>/invitations/<row_id:invitation_id>/", invitations.invitation),
    path("api/invitations/", invitations.accepted),
    path("api/rooms/<slug>/membership/", invitations.membership),
    path("api/rooms/<slug>/members/", moderation.members),
    # A handle may contain slashes.
    path("api/rooms/<slug>/members/<path:handle>/", moderation.member),
    path("api/rooms/<slug>/messages/<row_id:number>/reports/", moderation.message_reports),
    path("api/rooms/<slug>/messages/<row_id:number>/history/", moderation.message_history),
    path("api/rooms/<slug>/reports/", moderation.reports),
    path("api/rooms/<slug>/reports/<row_id:report_id>/", moderation.report),
    path("api/rooms/<slug>/audit/", moderation.audit),
    path("api/search/", search.messages_found),
    path("api/bookmarks/", bookmarks.all_bookmarks),
    path("api/bookmarks/<slug>/<row_id:number>/", bookmarks.one_bookmark),
    path("api/boards/<board_uuid:board>/", boards.board),
    path("api/boards/<board_uuid:board>/visitors/", boards.visitors),
    path("api/announcements/", operators.announcements_list),
    path("api/announcements/current/", announcements.current),
    path("api/announcements/<row_id:announcement_id>/dismissal/", announcements.dismissal),
    path("api/announcements/<row_id:announcement_id>/", operators.announcement),
    path("api/whispers/", operators.whispers),
    path("api/disconnections/", operators.disconnections),
    re_path(r"^api/", unknown),
]

monitoring_patterns = [
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]

urlpatterns = [*page_patterns, *api_patterns, *monitoring_patterns]
