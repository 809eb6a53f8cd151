# One image for web, worker and beat; docker-compose.yml says which command each runs.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements/base.txt requirements/schemas.txt requirements/
RUN .venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
    -r requirements/base.txt -r requirements/schemas.txt
COPY . .
# Texts and static files need no secret: the test switch stands in for them while building only.
RUN WAGEWATCH_TEST=1 .venv/bin/python manage.py translations \
 && WAGEWATCH_SECRET_KEY=0000000000000000000000000000000000000000build \
    WAGEWATCH_MASTER_KEYS=b1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    WAGEWATCH_EVIDENCE_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    WAGEWATCH_SMS_URL=http://localhost WAGEWATCH_VAR=/app/var \
    .venv/bin/python manage.py collectstatic --noinput -v 0

FROM python:3.11-slim
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONUTF8=1 DJANGO_SETTINGS_MODULE=wagewatch.settings \
    WAGEWATCH_VAR=/app/var
RUN useradd --system --uid 10001 --home-dir /app wagewatch
WORKDIR /app
COPY --from=build --chown=root:root /app /app
RUN mkdir -p /app/var/media && chown -R wagewatch /app/var/media /app/var
USER wagewatch
EXPOSE 8000
CMD ["gunicorn", "wagewatch.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "4", "--threads", "4", \
     "--worker-class", "gthread", "--timeout", "120", "--graceful-timeout", "20", "--keep-alive", "30", "--no-control-socket", \
     "--worker-tmp-dir", "/dev/shm"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
