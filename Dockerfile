# The image of every process of the site; the command chooses the process. docs/deploying.md says how to use it.

FROM python:3.13-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /srv/chat
RUN python3 -m venv /srv/venv
# `docker build --build-arg TRACING=1` adds what the setting TRACING needs, and `--build-arg S3=1` what a bucket needs.
ARG TRACING=
ARG S3=
COPY requirements.txt requirements-tracing.txt requirements-s3.txt ./
# Some of the packages build themselves with setup.py. They need the setuptools of the lock, which comes first.
RUN awk '/^[^ ]/ { wanted = /^setuptools==/ } wanted' requirements.txt > /tmp/setuptools.txt \
    && /srv/venv/bin/python -m pip install --require-hashes -r /tmp/setuptools.txt \
    && /srv/venv/bin/python -m pip install --require-hashes --no-build-isolation --use-pep517 -r requirements.txt \
    && if [ -n "$TRACING" ]; then /srv/venv/bin/python -m pip install --require-hashes -r requirements-tracing.txt; fi \
    && if [ -n "$S3" ]; then /srv/venv/bin/python -m pip install --require-hashes -r requirements-s3.txt; fi \
    && /srv/venv/bin/python -m pip uninstall --yes pip
COPY manage.py Procfile LICENSE ./
COPY channels_transport channels_transport
COPY chatproj chatproj
COPY chat chat
COPY templates templates
# The processes can write no compiled modules and no static files, so both are in the image.
RUN SECRET_KEY="only for collectstatic" CHAT_VAR=/srv/var /srv/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /srv/venv/bin/python -m compileall -q /srv/chat

FROM python:3.13-slim-trixie

LABEL org.opencontainers.image.title="chat" \
      org.opencontainers.image.description="A chat server: interfaces, workers, a monitor and a delay server" \
      org.opencontainers.image.licenses="MIT"
# `manage.py backup` and `restore` run pg_dump and pg_restore, which must be as new as the server (see compose.yaml).
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client-17 && rm -rf /var/lib/apt/lists/*
# A fixed number, so that volumes keep their owner.
RUN groupadd --gid 10001 chat && useradd --uid 10001 --gid chat --no-create-home --home-dir /srv --shell /usr/sbin/nologin chat \
    # A volume at this place gets the owner of the folder.
    && install --directory --owner=10001 --group=10001 --mode=700 /srv/files
COPY --from=build /srv /srv
WORKDIR /srv/chat
# HOST: other containers must reach the interface. CHAT_VAR has the static files, and no process writes to it.
ENV PATH=/srv/venv/bin:$PATH HOST=0.0.0.0 PORT=8000 CHAT_VAR=/srv/var PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# As a number, because Kubernetes refuses a name.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Only interfaces answer. compose.yaml has another check for the other processes.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "chatproj.is_healthy"]
CMD ["sh", "-c", "exec python manage.py interface --bind \"$HOST\" --port \"$PORT\""]
