"""The pages, the JSON API and the admin, by address."""
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("chat.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "chat.views.bad_request"
handler403 = "chat.views.forbidden"
handler404 = "chat.views.not_found"
handler500 = "chat.views.failed"
