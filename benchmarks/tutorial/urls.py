"""No pages."""
urlpatterns = []
