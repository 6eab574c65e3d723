"""The pages' forms. They name the fields; what is allowed in them, the services say."""
from django import forms


class PersonForm(forms.Form):
    handle = forms.CharField(max_length=32)
    password = forms.CharField(widget=forms.PasswordInput)


class GuestForm(forms.Form):
    handle = forms.CharField(max_length=32)


class PasswordForm(forms.Form):
    old_password = forms.CharField(label="Your password now", widget=forms.PasswordInput)
    new_password = forms.CharField(label="Your new password", widget=forms.PasswordInput)


class RoomForm(forms.Form):
    name = forms.CharField(max_length=80)
    slug = forms.CharField(label="Address", max_length=50, help_text="a-z, 0-9 and -")
    topic = forms.CharField(max_length=500, required=False)
