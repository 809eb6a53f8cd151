"""Settings of every process; all that differs between machines comes from the environment.

A value that makes no sense stops the process at start with one line that says what to write.
"""

import base64
import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from wagewatch.lib.webpush import private_key

BASE_DIR = Path(__file__).resolve().parent.parent


def _env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def _flag(name: str, *, default: bool = False) -> bool:
    text = _env(name, "1" if default else "0").lower()
    if text not in {"0", "1", "true", "false", "yes", "no", ""}:
        raise ImproperlyConfigured(f"{name}={text!r}: write 1 or 0.")
    return text in {"1", "true", "yes"}


def _choice(name: str, default: str, allowed: set[str]) -> str:
    value = _env(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r}: write one of {', '.join(sorted(allowed))}.")
    return value


def _number(name: str, default: int, low: int, high: int) -> int:
    text = _env(name, str(default))
    if not text.isdigit() or not low <= int(text) <= high:
        raise ImproperlyConfigured(f"{name}={text!r}: write a whole number from {low} to {high}.")
    return int(text)


TESTING = _flag("WAGEWATCH_TEST")
DEMO = _flag("WAGEWATCH_DEMO")
DEBUG = _flag("WAGEWATCH_DEBUG")
SIDE = _choice("WAGEWATCH_SIDE", "all", {"all", "enterprise", "supervision"})
VAR_DIR = Path(_env("WAGEWATCH_VAR") or BASE_DIR / "var")
FONT_DIR = BASE_DIR / ".cache" / "fonts" if TESTING else VAR_DIR / "fonts"

SECRET_KEY = _env("WAGEWATCH_SECRET_KEY")
MASTER_KEYS = _env("WAGEWATCH_MASTER_KEYS")
EVIDENCE_KEY = _env("WAGEWATCH_EVIDENCE_KEY")
if TESTING:
    SECRET_KEY = SECRET_KEY or "tests-only-" + "k" * 40
    MASTER_KEYS = MASTER_KEYS or "t1:" + base64.b64encode(bytes(range(32))).decode()
    EVIDENCE_KEY = EVIDENCE_KEY or base64.b64encode(bytes(range(32, 64))).decode()
for _name, _value in (
    ("WAGEWATCH_SECRET_KEY", SECRET_KEY),
    ("WAGEWATCH_MASTER_KEYS", MASTER_KEYS),
    ("WAGEWATCH_EVIDENCE_KEY", EVIDENCE_KEY),
):
    if not _value:
        raise ImproperlyConfigured(f"{_name} is missing: see the configuration table in README.md.")
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("WAGEWATCH_SECRET_KEY is shorter than 40 characters.")

WAGEWATCH_MASTER_KEYS = MASTER_KEYS
WAGEWATCH_CIPHER = _choice("WAGEWATCH_CIPHER", "aes-256-gcm", {"aes-256-gcm", "sm4-gcm"})
WAGEWATCH_EVIDENCE_KEY = EVIDENCE_KEY
WAGEWATCH_EVIDENCE_ORIGIN = _env("WAGEWATCH_EVIDENCE_ORIGIN", "wagewatch.local/evidence")
WAGEWATCH_EVIDENCE_HASH = _choice("WAGEWATCH_EVIDENCE_HASH", "sha256", {"sha256", "sm3"})
WAGEWATCH_EVIDENCE_FORMER_KEYS = _env("WAGEWATCH_EVIDENCE_FORMER_KEYS")
WAGEWATCH_BRAND = _env("WAGEWATCH_BRAND", "薪安")
# Where people reach this installation: stands in QR codes of documents that are made without a request.
WAGEWATCH_ADDRESS = _env("WAGEWATCH_ADDRESS", "http://127.0.0.1:8000").rstrip("/")
# Where contractors sign in, for links that the supervision side hands out.
WAGEWATCH_ENTERPRISE_URL = _env("WAGEWATCH_ENTERPRISE_URL").rstrip("/")
if SIDE == "supervision" and not WAGEWATCH_ENTERPRISE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("WAGEWATCH_ENTERPRISE_URL: write the address at which contractors sign in.")
WAGEWATCH_BANK_URL = _env("WAGEWATCH_BANK_URL", "http://127.0.0.1:8011")
WAGEWATCH_BANK_KEY = _env("WAGEWATCH_BANK_KEY", "demo-bank-key" if (DEMO or TESTING) else "")
# Banks with a connection of their own: a JSON file, see payroll/bank/README.md.
WAGEWATCH_BANK_CONNECTIONS = _env("WAGEWATCH_BANK_CONNECTIONS", "")
WAGEWATCH_SMS_GATEWAY = _choice(
    "WAGEWATCH_SMS_GATEWAY", "outbox" if (DEMO or TESTING) else "http", {"outbox", "http"}
)
WAGEWATCH_METRICS_KEY = _env("WAGEWATCH_METRICS_KEY")
WAGEWATCH_SMS_URL = _env("WAGEWATCH_SMS_URL")
WAGEWATCH_SMS_KEY = _env("WAGEWATCH_SMS_KEY")
if WAGEWATCH_SMS_GATEWAY == "http" and not WAGEWATCH_SMS_URL:
    raise ImproperlyConfigured("WAGEWATCH_SMS_URL is missing: the address of the SMS gateway.")
# Notices on workers' phones: a P-256 key (32 bytes, base64url); without one everything goes as a text message.
WAGEWATCH_PUSH_KEY = _env(
    "WAGEWATCH_PUSH_KEY", "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94" if TESTING else ""
)
WAGEWATCH_PUSH_SUBJECT = _env("WAGEWATCH_PUSH_SUBJECT", WAGEWATCH_ADDRESS)
WAGEWATCH_PUSH_HOSTS = [
    h
    for h in _env(
        "WAGEWATCH_PUSH_HOSTS",
        "fcm.googleapis.com,*.push.services.mozilla.com,*.notify.windows.com,*.push.apple.com",
    ).split(",")
    if h
]
WAGEWATCH_PUSH_RELAY = _env("WAGEWATCH_PUSH_RELAY")
if WAGEWATCH_PUSH_KEY:
    try:
        private_key(WAGEWATCH_PUSH_KEY)
    except ValueError:
        raise ImproperlyConfigured("WAGEWATCH_PUSH_KEY: write 32 random bytes in base64url.") from None
if WAGEWATCH_PUSH_RELAY and not WAGEWATCH_PUSH_RELAY.startswith(("http://", "https://")):
    raise ImproperlyConfigured("WAGEWATCH_PUSH_RELAY: write the address of the relay, http:// or https://.")
# E-mail: without a sender's address there is none. The demo writes letters into files.
WAGEWATCH_MAIL_FROM = _env("WAGEWATCH_MAIL_FROM", "wagewatch@localhost" if (DEMO or TESTING) else "")
EMAIL_HOST = _env("WAGEWATCH_MAIL_HOST", "localhost")
EMAIL_PORT = int(_env("WAGEWATCH_MAIL_PORT", "25"))
EMAIL_HOST_USER = _env("WAGEWATCH_MAIL_USER")
EMAIL_HOST_PASSWORD = _env("WAGEWATCH_MAIL_PASSWORD")
EMAIL_USE_TLS = _flag("WAGEWATCH_MAIL_TLS", default=False)
EMAIL_TIMEOUT = 10
if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
# Authorities and banks sign in with a second factor; the demo lets them skip it.
WAGEWATCH_SECOND_FACTOR = _flag("WAGEWATCH_SECOND_FACTOR", default=not (DEMO or TESTING))

ALLOWED_HOSTS = [h for h in _env("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [h for h in _env("CSRF_TRUSTED_ORIGINS").split(",") if h]
if TESTING:
    ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "csp",
    "simple_history",
    "pgtrigger",
    "django_prometheus",
    "wagewatch",
    "wagewatch.evidence",
    "registration",
    "devices",
    "payroll",
    "inspection",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages shrink to a quarter on weak networks; CSRF tokens are masked anew in each answer (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "wagewatch.middleware.RequestContextMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "registration.middleware.ActorMiddleware",
    "wagewatch.middleware.ErrorMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = {
    "all": "wagewatch.urls",
    "enterprise": "wagewatch.enterprise_urls",
    "supervision": "wagewatch.supervision_urls",
}[SIDE]
WSGI_APPLICATION = "wagewatch.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagewatch.context.interface",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "wagewatch.templatetags.ww",
                "registration.templatetags.named",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL: write postgresql://user:password@host:5432/name.")
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "wagewatch.database",
        "NAME": unquote(parts.path.lstrip("/")) or "wagewatch",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or (parts.hostname or ""),
        "PORT": query.pop("port", "") or (str(parts.port) if parts.port else ""),
        "CONN_MAX_AGE": 0 if TESTING else 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **query},
        "TEST": {"NAME": "test_wagewatch" + _env("WAGEWATCH_TEST_DB_SUFFIX")},
    }


DATABASES = {"default": _database(_env("DATABASE_URL", "postgresql://wagewatch@127.0.0.1:5432/wagewatch"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _env("REDIS_URL", "redis://127.0.0.1:6379/0")
_redis = urlsplit(REDIS_URL)
if _redis.scheme not in {"redis", "rediss", "unix"}:
    raise ImproperlyConfigured("REDIS_URL: write redis://host:6379/0 or unix:///path/to/socket?db=0.")

# One Redis serves the queue (database N) and the cache (database N + 1).
if _redis.scheme == "unix":
    _db = int(parse_qs(_redis.query).get("db", ["0"])[0])
    CELERY_BROKER_URL = f"redis+socket://{_redis.path}?virtual_host={_db}"
    _cache_url = f"unix://{_redis.path}?db={_db + 1}"
else:
    _db = int(_redis.path.lstrip("/") or 0)
    CELERY_BROKER_URL = REDIS_URL
    _cache_url = _redis._replace(path=f"/{_db + 1}").geturl()

CACHES = {
    "default": {
        "BACKEND": "wagewatch.cache.ForgivingRedisCache",
        "LOCATION": _cache_url,
        "KEY_PREFIX": "ww" + _env("WAGEWATCH_TEST_DB_SUFFIX"),
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
CSRF_FAILURE_VIEW = "wagewatch.views.csrf_failure"
WORKER_SESSION_AGE = 60 * 24 * 3600

BEHIND_TLS = _flag("WAGEWATCH_TLS", default=not (DEMO or TESTING or DEBUG))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31536000
# Proxies in front of the web service that each add the caller's address to X-Forwarded-For: limits count by it.
WAGEWATCH_PROXIES = _number("WAGEWATCH_PROXIES", int(BEHIND_TLS), 0, 5)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}

AUTH_USER_MODEL = "registration.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "home"
AXES_FAILURE_LIMIT = _number("WAGEWATCH_SIGN_IN_TRIES", 5, 3, 20)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "wagewatch.addresses.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "registration.views.accounts.locked_out"
AXES_VERBOSE = False
OTP_TOTP_ISSUER = WAGEWATCH_BRAND

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "wagewatch" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "wagewatch.bundles.BundleFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
if TESTING or DEBUG:
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = True
MEDIA_ROOT = VAR_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 24 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "wagewatch.api.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "wagewatch",
    "DESCRIPTION": "Wage-payment supervision of construction workers: terminals and other systems.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "devices.schema.add_terminal_endpoints",
        "devices.push_schema.add_push_endpoints",
        "inspection.permit_schema.add_permit_endpoints",
    ],
}

CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "max_retries": 2,
    "interval_start": 0,
    "interval_step": 0.2,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

_seconds = 1.0 if TESTING else 5.0
# What comes this often is thrown away when late: on a machine that cannot keep up the next one is already there, and
# what waits behind (a bank's answer) does not stand in a queue of half a minute.
_often = {"expires": 4 * _seconds}
CELERY_BEAT_SCHEDULE = {
    "beat-tick": {"task": "wagewatch.tasks.beat_tick", "schedule": 5.0, "options": {"expires": 30}},
    "sequence-evidence": {
        "task": "wagewatch.evidence.tasks.sequence",
        "schedule": _seconds,
        "options": _often,
    },
    "send-messages": {
        "task": "registration.tasks.send_messages",
        "schedule": _seconds,
        "options": _often,
    },
    "tidy-registration": {
        "task": "registration.tasks.tidy_up",
        "schedule": 5.0 if TESTING else 60.0,
        "options": {"expires": 60},
    },
    "contract-documents": {
        "task": "registration.tasks.make_contract_documents",
        "schedule": _seconds if TESTING else 15.0,
        "options": {"expires": 60},
    },
    "expire-contracts": {"task": "registration.tasks.expire_contracts", "schedule": 3600.0},
    "remind-of-contracts": {"task": "registration.tasks.remind_of_contracts", "schedule": 3600.0},
    "ask-workers": {
        "task": "registration.tasks.ask_workers",
        "schedule": 5.0 if TESTING else 60.0,
        "options": {"expires": 60},
    },
    "make-partitions": {"task": "devices.tasks.make_partitions", "schedule": 6 * 3600.0},
    "roll-up-days": {"task": "devices.tasks.roll_up_days", "schedule": _seconds, "options": _often},
    "check-month-totals": {
        "task": "devices.tasks.check_month_totals",
        "schedule": 600.0 if DEMO else crontab(hour="3", minute="20"),
        "options": {"expires": 3600},
    },
    "close-attendance-days": {
        "task": "devices.tasks.seal_days",
        "schedule": 5.0 if TESTING else 600.0,
        "options": {"expires": 60},
    },
    "forget-board-photos": {"task": "payroll.tasks.forget_board_photos", "schedule": 24 * 3600.0},
    "forget-undecided-uploads": {
        "task": "payroll.tasks.forget_undecided_uploads",
        "schedule": crontab(hour="3", minute="50"),
        "options": {"expires": 3600},
    },
    "forget-gate-photos": {"task": "devices.tasks.forget_photos", "schedule": 3600.0},
    "remind-silent-workers": {
        "task": "payroll.tasks.remind_silent_workers",
        "schedule": 5.0 if TESTING else 900.0,
        "options": {"expires": 600},
    },
    "read-stuck-sheets": {
        "task": "payroll.tasks.read_stuck_sheets",
        "schedule": 5.0 if TESTING else 60.0,
        "options": {"expires": 60},
    },
    "send-orders": {"task": "payroll.tasks.send_orders", "schedule": _seconds, "options": _often},
    "fetch-bank-messages": {
        "task": "payroll.tasks.fetch_bank_messages",
        "schedule": _seconds,
        "options": _often,
    },
    "remind-owners": {"task": "payroll.tasks.remind_owners", "schedule": 3600.0},
    "verify-money": {
        "task": "payroll.tasks.verify_money",
        "schedule": 60.0 if DEMO else crontab(hour=2, minute=40),
        "options": {"expires": 3600},
    },
    "overdue-alarms": {
        "task": "inspection.tasks.run_rules",
        "schedule": 5.0 if (TESTING or DEMO) else 300.0,
        "kwargs": {"only": "D3"},
        "options": {"expires": 60},
    },
    "alarms-after-events": {
        "task": "inspection.tasks.run_rules_after_events",
        "schedule": 5.0 if (TESTING or DEMO) else 15.0,
        "options": {"expires": 30},
    },
    "all-alarms": {
        "task": "inspection.tasks.run_rules",
        # Nightly, when the day has turned on site and due dates with it.
        "schedule": 60.0 if (TESTING or DEMO) else crontab(hour="0", minute="10"),
        "options": {"expires": 3600},
    },
    "end-list-terms": {"task": "inspection.tasks.end_list_terms", "schedule": 24 * 3600.0},
    "tell-alarms": {
        "task": "inspection.tasks.tell_alarms",
        "schedule": 5.0 if (TESTING or DEMO) else 30.0,
        "options": {"expires": 60},
    },
    "hurry-alarms": {
        "task": "inspection.tasks.hurry_alarms",
        "schedule": 5.0 if TESTING else 60.0 if DEMO else 600.0,
        "options": {"expires": 300},
    },
    "send-letters": {
        "task": "inspection.tasks.send_letters",
        "schedule": 5.0 if (TESTING or DEMO) else 30.0,
        "options": {"expires": 60},
    },
    "forget-rule-runs": {"task": "inspection.tasks.forget_runs", "schedule": 24 * 3600.0},
    "risk-scores": {
        "task": "inspection.tasks.score_risk",
        "schedule": 120.0 if (TESTING or DEMO) else crontab(hour=2, minute=30),
        "options": {"expires": 3600},
    },
    "project-stat": {
        "task": "inspection.tasks.rebuild_stat",
        "schedule": 5.0 if (TESTING or DEMO) else 300.0,
        "options": {"expires": 60},
    },
}

LOG_FORMAT = _choice(
    "WAGEWATCH_LOG_FORMAT", "text" if (DEMO or TESTING or DEBUG) else "json", {"text", "json"}
)
LOGGING_CONFIG = "wagewatch.logs.configure"
LOGGING = {"level": _choice("WAGEWATCH_LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"})}

SIMPLE_HISTORY_HISTORY_ID_USE_UUID = False
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
PROMETHEUS_EXPORT_MIGRATIONS = False
