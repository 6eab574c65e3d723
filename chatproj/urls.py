"""The pages, the JSON API and the admin, by address."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("chat.http.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "chat.http.pages.bad_request"
handler403 = "chat.http.pages.forbidden"
handler404 = "chat.http.pages.not_found"
handler500 = "chat.http.pages.failed"
