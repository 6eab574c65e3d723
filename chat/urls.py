"""The chat's addresses: pages, the JSON API, and what operators' tools ask."""
from django.urls import path, re_path

from chat import api, health, moderation_api, polling_api, scheduled_api, tasks_api, views

urlpatterns = [
    path("", views.lobby, name="lobby"),
    path("rooms/", views.create_room, name="create_room"),
    path("rooms/<slug>/", views.room, name="room"),
    path("operators/rooms/", views.operators_rooms, name="operators_rooms"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-up/", views.sign_up, name="sign_up"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("guest/", views.guest, name="guest"),
    path("password/", views.password, name="password"),
    path("api/session/", api.session),
    path("api/users/", api.users),
    path("api/guests/", api.guests),
    path("api/tokens/", api.tokens),
    path("api/tokens/<int:token_id>/", api.token),
    path("api/rooms/", api.rooms_list),
    path("api/rooms/<slug>/messages/", api.messages),
    path("api/rooms/<slug>/members/", moderation_api.members),
    path("api/rooms/<slug>/members/<path:handle>/", moderation_api.member),
    path("api/rooms/<slug>/messages/<int:number>/reports/", moderation_api.message_reports),
    path("api/rooms/<slug>/reports/", moderation_api.reports),
    path("api/rooms/<slug>/reports/<int:report_id>/", moderation_api.report),
    path("api/rooms/<slug>/audit/", moderation_api.audit),
    path("api/rooms/<slug>/tasks/", tasks_api.room_tasks),
    path("api/tasks/<int:task_id>/", tasks_api.task),
    path("api/tasks/<int:task_id>/result/", tasks_api.result),
    path("api/rooms/<slug>/poll/", polling_api.poll),
    path("api/rooms/<slug>/scheduled/", scheduled_api.all_scheduled),
    path("api/rooms/<slug>/scheduled/<int:scheduled_id>/", scheduled_api.one_scheduled),
    re_path(r"^api/", api.unknown),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
]
