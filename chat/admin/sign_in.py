"""
The admin's pages for signing in, for signing out and for a new password.

They check passwords with the same limits as the site's own pages and the API, and start the same login session. This
module must not write rows: the people service writes them.
"""

from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from chat.http.own_addresses import is_own_address
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
    """
    Django's view for the admin's form. It signs the operator in with the people service.

    An operator with a second factor goes on to the site's own page for the code.
    """

    template_name = "admin/login.html"
    authentication_form = SignInForm

    def get_context_data(self, **kwargs):
        texts = {"title": gettext("Log in"), "app_path": self.request.get_full_path()}
        context = {**admin.site.each_context(self.request), **texts, "username": self.request.user.get_username()}
        return super().get_context_data(**context, **kwargs)

    def get_redirect_url(self):
        address = super().get_redirect_url()
        return address if is_own_address(address) else reverse("admin:index")

    def form_valid(self, form):
        if people.begin_sign_in(self.request, form.get_user()):
            return HttpResponseRedirect(self.get_success_url())
        query = urlencode({"next": self.get_success_url()})
        return redirect(f"{reverse('sign_in_code')}?{query}")


@never_cache
def login(request, extra_context=None):
    """Show the form, or sign an operator in and redirect to the requested page of the admin."""
    if request.method == "GET" and admin.site.has_permission(request):
        return HttpResponseRedirect(reverse("admin:index"))
    return SignInView.as_view(extra_context=extra_context)(request)


def change_password(request, extra_context=None):
    """Redirect to the site's own page, because Django's page has no limits and closes no sockets."""
    return redirect("password")


@never_cache
@require_POST
def logout(request, extra_context=None):
    """
    Sign the operator out, close the sockets of the login, and redirect to the lobby.

    Django's page does this for GET too, so a picture on a page of another site could sign an operator out.
    """
    people.sign_out(request)
    return redirect("lobby")


admin.site.login = login
admin.site.logout = logout
admin.site.password_change = change_password
