"""The pages of the site."""

from django.conf.urls import url
from talk import views

from channels_transport.metrics import metrics

urlpatterns = [
    url(r"^$", views.index),
    url(r"^count/$", views.count),
    url(r"^length/$", views.length),
    url(r"^where/$", views.where),
    url(r"^metrics$", metrics),
]
