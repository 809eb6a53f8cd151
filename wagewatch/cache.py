"""A cache that may be away: while Redis is down, reads miss and writes are dropped."""

from typing import Any

import redis
import structlog
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger(__name__)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, except that an unreachable server is a miss and not an error page.

    Nothing that decides about money or access may rest on the cache; it only saves work.
    """

    def _try(self, name: str, fallback: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except redis.exceptions.RedisError as error:
            log.warning("cache.unreachable", operation=name, error=type(error).__name__)
            return fallback

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._try("get", default, key, default, version)

    def get_many(self, keys: Any, version: Any = None) -> Any:
        return self._try("get_many", {}, keys, version)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._try("set", None, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._try("set_many", [], *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._try("add", True, *args, **kwargs)

    def delete(self, key: Any, version: Any = None) -> Any:
        return self._try("delete", False, key, version)
