"""The paths of the pages."""

from django.urls import path

from talk import views

urlpatterns = [
    path("login/", views.log_in),
    path("who/", views.who),
    path("messages/<slug:room>/", views.messages),
]
