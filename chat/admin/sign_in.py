"""
The admin's pages for signing in and for a new password.

They check passwords with the same limits as the site's own pages and the API, and start the same login session. This
module must not write rows: the people service writes them.
"""

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from chat.protocol import ChatError
from chat.services import people


class SignInForm(AdminAuthenticationForm):
    """The form of the handle and the password. It raises a ChatError about the limits, which becomes a 429 response."""

    def clean(self):
        handle, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if handle is not None and password:
            try:
                self.user_cache = people.check_credentials(self.request, handle, password)
            except ChatError as refusal:
                if refusal.code != "not_signed_in":
                    raise
                raise self.get_invalid_login_error() from None
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


class SignInView(LoginView):
    """Django's view for the admin's form. It signs the operator in with the people service."""

    template_name = "admin/login.html"
    authentication_form = SignInForm

    def get_context_data(self, **kwargs):
        texts = {"title": gettext("Log in"), "app_path": self.request.get_full_path()}
        context = {**admin.site.each_context(self.request), **texts, "username": self.request.user.get_username()}
        return super().get_context_data(**context, **kwargs)

    def get_redirect_url(self):
        return super().get_redirect_url() or reverse("admin:index")

    def form_valid(self, form):
        people.sign_in(self.request, form.get_user())
        return HttpResponseRedirect(self.get_success_url())


@never_cache
def login(request, extra_context=None):
    """Show the form, or sign an operator in and redirect to the requested page of the admin."""
    if request.method == "GET" and admin.site.has_permission(request):
        return HttpResponseRedirect(reverse("admin:index"))
    return SignInView.as_view(extra_context=extra_context)(request)


def change_password(request, extra_context=None):
    """Redirect to the site's own page, because Django's page has no limits and closes no sockets."""
    return redirect("password")


admin.site.login = login
admin.site.password_change = change_password
