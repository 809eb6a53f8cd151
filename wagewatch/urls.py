"""Both sides in one process: the demo, the tests and small installations."""

from wagewatch.enterprise_urls import enterprise
from wagewatch.shared_urls import handler400, handler403, handler404, handler500
from wagewatch.supervision_urls import supervision
from wagewatch.supervision_urls import urlpatterns as supervision_patterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*(p for p in supervision_patterns if p not in supervision), *enterprise, *supervision]
