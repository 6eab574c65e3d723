"""The mistakes of operators with settings."""

from channels_transport.doctor import configuration
from chat.management import doctor
from chatproj.mail_settings import read_mail_server
from tests.chatproj.mistakes.bench import (
    DEPLOY,
    DOCTOR,
    KEY,
    SITE,
    START,
    Mistake,
    at_deploy,
    at_start,
    in_file,
    with_settings,
)
from tests.chatproj.mistakes.finders import without_collector, without_contact_of_pushes, without_provider

MISTAKES = [
    # The addresses and keys of the site.
    Mistake(
        "SECRET_KEY is missing",
        START,
        at_start(PUBLIC_URL="https://chat.example.com"),
        "Set SECRET_KEY to a long random text",
    ),
    Mistake(
        "SECRET_KEY is short", DEPLOY, at_deploy(SECRET_KEY="hunter2"), "Your SECRET_KEY has less than 50 characters"
    ),
    Mistake(
        "PUBLIC_URL has a path", START, at_start(**KEY, PUBLIC_URL="https://a.example/x"), "PUBLIC_URL must be like"
    ),
    Mistake("PUBLIC_URL is missing", DEPLOY, at_deploy(PUBLIC_URL=""), "PUBLIC_URL is not set, so cookies"),
    Mistake("PUBLIC_URL has no TLS", DEPLOY, at_deploy(PUBLIC_URL="http://a.example"), "PUBLIC_URL is an http address"),
    Mistake("ALLOWED_HOSTS has a port", START, at_start(**KEY, ALLOWED_HOSTS="a.example:80"), "ALLOWED_HOSTS must be"),
    Mistake("ALLOWED_HOSTS allows every host", DEPLOY, at_deploy(ALLOWED_HOSTS="*"), "ALLOWED_HOSTS contains *"),
    Mistake("DEBUG is on", DEPLOY, at_deploy(DEBUG="1"), "You should not have DEBUG set to True"),
    Mistake(
        "DEBUG is on",
        DOCTOR,
        with_settings(configuration.check_settings, DEBUG=True, PUBLIC_URL="https://chat.example.com"),
        "DEBUG is on at a public site",
    ),
    Mistake("HSTS_SECONDS is 0", DEPLOY, at_deploy(HSTS_SECONDS="0"), "You have not set a value for the SECURE_HSTS"),
    Mistake(
        "the name of a setting is misspelt",
        DEPLOY,
        at_deploy(CHAT_WORKER="3"),
        "CHAT_WORKER is set, but there is no such setting",
    ),
    Mistake(
        "TRUSTED_PROXIES is an address",
        START,
        at_start(**KEY, TRUSTED_PROXIES="10.0.0.1"),
        "TRUSTED_PROXIES must be a number",
    ),
    Mistake(
        "CHAT_VAR is a file", START, at_start(**KEY, CHAT_VAR="/dev/null"), "CHAT_VAR must be the path of a directory"
    ),
    Mistake("PORT is no port", START, at_start(**KEY, PORT="http"), "PORT must be a number from 1 to 65535"),
    Mistake("CHAT_LIMITS is off", DEPLOY, at_deploy(CHAT_LIMITS="off"), "CHAT_LIMITS is off, so any client"),
    Mistake(
        "CHAT_LIMITS is off",
        DOCTOR,
        with_settings(doctor.check_limits, CHAT_LIMITS_ON=False),
        "CHAT_LIMITS is off, so any client",
    ),
    # People, mail and metrics.
    Mistake(
        "OIDC_ISSUER has no client", START, at_start(**SITE, OIDC_ISSUER="https://a.example"), "Set both OIDC_ISSUER"
    ),
    Mistake("OIDC_ONLY has no issuer", START, at_start(**SITE, OIDC_ONLY="on"), "OIDC_ONLY needs OIDC_ISSUER"),
    Mistake(
        "CHAT_SECOND_FACTOR is no choice", START, at_start(**KEY, CHAT_SECOND_FACTOR="on"), "CHAT_SECOND_FACTOR must be"
    ),
    Mistake(
        "EMAIL_URL is no URL", START, at_start(**KEY, EMAIL_URL="mail.example.com"), "EMAIL_URL must be like smtp://"
    ),
    Mistake(
        "mails could have links to any host",
        START,
        at_start(**KEY, EMAIL_URL="smtp://mail.example.com", ALLOWED_HOSTS="*"),
        "Set PUBLIC_URL if EMAIL_URL is set",
    ),
    Mistake(
        "EMAIL_URL has no TLS",
        DEPLOY,
        at_deploy(EMAIL_URL="smtp://chat:hunter2@mail.example.com:25?tls=none"),
        "EMAIL_URL sends the password and the mails without TLS",
    ),
    Mistake(
        "the mail server cannot be reached",
        DOCTOR,
        with_settings(doctor.check_mail_server, EMAIL_URL=read_mail_server("smtp://127.0.0.1:1?tls=none")),
        "The mail server cannot be used (ConnectionRefusedError)",
    ),
    Mistake(
        "the provider of OpenID Connect is away", DOCTOR, without_provider, "Nobody can sign in with OpenID Connect"
    ),
    Mistake(
        "push services learn no contact",
        DOCTOR,
        without_contact_of_pushes,
        "Safari gets no notifications while it is closed",
    ),
    Mistake("METRICS_TOKEN is short", START, at_start(**KEY, METRICS_TOKEN="secret"), "METRICS_TOKEN must be a text"),
    Mistake(
        "everybody can read the metrics",
        DEPLOY,
        at_deploy(METRICS_PORT="10.0.0.5:9191"),
        "METRICS_PORT listens on an address of the network",
    ),
    Mistake("LOG_FORMAT is no format", START, at_start(**KEY, LOG_FORMAT="xml"), "LOG_FORMAT must be text or json"),
    Mistake("no collector of traces runs", DOCTOR, without_collector, "The collector at http://127.0.0.1:1/v1/traces"),
    # The file chatproj/settings.py.
    Mistake(
        "a rate limit is no pair",
        "each command",
        in_file("CHAT_LIMITS", {"events": 5}),
        "CHAT_LIMITS must be a dictionary",
    ),
    Mistake(
        "CHAT_POLL_SECONDS is too long", "each command", in_file("CHAT_POLL_SECONDS", 60), "CHAT_POLL_SECONDS must be"
    ),
]
