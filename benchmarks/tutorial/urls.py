"""The tutorial has no pages."""

urlpatterns = []
