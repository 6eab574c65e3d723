"""The pages, the JSON API and the admin, by address."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("chat.http.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "chat.http.error_handlers.bad_request"
handler403 = "chat.http.error_handlers.forbidden"
handler404 = "chat.http.error_handlers.not_found"
handler500 = "chat.http.error_handlers.server_error"
